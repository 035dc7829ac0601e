"""disbursement: who was paid for which month, who was missed, why, and what happens next.

Owns: the ledger of entitlement months (heads and entries), accounts and cards, batches with their signatures, bank files
and results, the holding account (postings, statements, closed days), papers, gaps.
Publishes: ``disbursement.month`` (month opened; batch approved, withdrawn, sent, settled), ``disbursement.payment``
(payment returned), ``disbursement.gap`` (gap detected, closed).
Consumes: ``beneficiary.person`` and ``beneficiary.programme`` (who is entitled, and the seal), ``budget_audit.reservation``
and ``budget_audit.treasury`` (reservation, SP2D, STS), its own ``disbursement.month`` (the sweep).
Never: knows a NIK, name or address (it asks beneficiary, for a purpose); reads another service's tables; opens a month
whose list differs from beneficiary's seal; sends money to the bank before an SP2D covers the batch; changes an entry.
"""
