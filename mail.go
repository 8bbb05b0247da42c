package complaints

// Mail is an intent to send one mail to one recipient. It is recorded in the
// same transaction as the events that caused it, and composed by the sender
// after commit: once, then frozen. Key names the effect; the store refuses a
// second mail under the same key, so that nothing is said twice.
type Mail struct {
	Key       string  `json:"key"`
	To        Address `json:"to"`
	Lang      string  `json:"lang"`                // zh or en
	Template  string  `json:"template"`            // a name of package templates
	Auto      bool    `json:"auto,omitempty"`      // an automatic acknowledgement: MAIL FROM <> and counted by the damper
	Staff     bool    `json:"staff,omitempty"`     // to a person of the register: carries a capability token and the next commands
	LetterNo  int     `json:"letter_no,omitempty"` // the case's letter to render and attach; 0: none
	Draft     bool    `json:"draft,omitempty"`     // the letter is a draft: its hash is for approval, nothing is issued
	Facts     Facts   `json:"facts"`
	InReplyTo string  `json:"in_reply_to,omitempty"` // message-id of the mail that is answered, without <>
}

// Facts are what a mail says beside the case itself, which the sender reads
// when it composes. A template uses those it needs.
type Facts struct {
	Subject     string       `json:"subject,omitempty"`     // subject of the mail that is answered
	Text        string       `json:"text,omitempty"`        // words passed on: a question, a client's reply, a note
	From        Address      `json:"from,omitzero"`         // whose words they are
	Reason      string       `json:"reason,omitempty"`      // why: of a refusal, a return, a failure
	Transcript  []Line       `json:"transcript,omitempty"`  // what each command line did
	Attachments []Attachment `json:"attachments,omitempty"` // sent along, by their hash
	Of          string       `json:"of,omitempty"`          // list: whose cases ("" all)
	Hash        string       `json:"hash,omitempty"`        // short hash of a draft, 12 hex digits
	Clock       string       `json:"clock,omitempty"`       // reminder: which clock
	Level       string       `json:"level,omitempty"`       // reminder: which level
}

// Line is one line of a transcript: the command as read, what it did, and
// whether it was refused. A refused line means that nothing was done.
type Line struct {
	Command string `json:"command"`
	Did     string `json:"did"`
	Refused bool   `json:"refused,omitempty"`
}

// Outcome is what the policy decided: events to remember and mails to send.
// It is recorded whole, in one transaction, or not at all.
type Outcome struct {
	Events []Event
	Mails  []Mail
	Alerts []Alert // for the security address and the log; no content of cases
	Hold   string  // why the message belongs into the holding pen; "" if it does not
}

// Alert is something the administrator should know.
type Alert struct {
	Kind string // forged, damped, held …
	Text string
}

// Action is a command ready to send: shown as a line of text and as a mailto:
// link (RFC 6068) whose subject, recipient and body are filled in.
type Action struct {
	Label string // what it does, in the reader's language
	Line  string // the command line, e.g. "#指派 li@firm.example"
	Text  string // lines below it that the sender is to fill in, or ""
}
