// Package complaints is the domain of a complaints desk that lives in a mailbox.
//
// Policy decides, Case remembers. The package imports only the standard
// library, does no I/O and reads no clock: times are arguments. Its procedure:
//
//  1. A Message is what came in (RFC 5322), already parsed and classed.
//  2. Policy.Receive, Policy.Undelivered and Policy.Remind decide. Each
//     returns an Outcome: events to remember and mails to send, recorded
//     whole or not at all.
//  3. (*Case).Apply(Event) alone changes a Case; a Case is the sum of its
//     events, and folding the stored events gives the stored row.
//  4. A Mail is an intent to send. What it says is composed later, once, by
//     the sender; from then on the same bytes go out, whatever happens.
//  5. A Refusal is read by a person. Every other error is for the log.
package complaints
