"""beneficiary: who is entitled, since when, by which decree, and why not.

Owns: people (the only place that stores a NIK, a name, an address), Jakarta's areas, programmes with dated tariffs,
decrees and their lists, enrolments with every state they had, cut-offs and the sealed lists; the daily books of the panti,
whose residents are people too, and the census that follows from them.
Publishes: ``beneficiary.person`` (enrolment activated, suspended, resumed, ended; admitted to a panti, discharged, died),
``beneficiary.programme`` (decree issued, cut-off sealed) and ``beneficiary.panti`` (day counted).
Consumes: nothing yet.
Never: pays or holds a payment; puts a NIK, name or address into an event; changes a state or a sealed line that was
written; shows a person to somebody whose areas do not hold the person.
"""
