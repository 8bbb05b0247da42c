// Package mailout speaks: it turns intents to send into mail and hands them to
// the submission server, once.
//
// The outbox of package store is all there is between it and the rest of the
// daemon. Its procedure for one row of the outbox:
//
//  1. Claim a row that is due. Templates and letters give its words and its PDF.
//  2. Compose makes RFC 5322 bytes of them. The same input gives the same
//     bytes, and the bytes are kept with the row: from then on nothing is
//     composed again, whatever happens.
//  3. The row is committed as being sent, before anything is connected.
//  4. Relay.Submit sends the stored bytes in one SMTP transaction to one
//     recipient and, for a letter, to the journal.
//  5. Its Result is recorded: accepted, to be tried again, failed, or in
//     doubt. In doubt means that the final dot may have left and no reply was
//     read; such a mail is never sent again without evidence or a person.
//
// Compose and Submit know neither the database nor a clock.
package mailout
