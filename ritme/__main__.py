"""``python -m ritme`` is ``ritme``."""

from ritme.cli import main

if __name__ == "__main__":
    main()
