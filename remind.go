package complaints

// Reminded says that a reminder of a clock and level was sent.
type Reminded struct {
	Clock string `json:"clock"`
	Level string `json:"level"`
}

// Kind names the fact in the log.
func (*Reminded) Kind() string { return "reminded" }

func (f *Reminded) apply(c *Case, e *Event) error {
	c.Reminded = append(c.Reminded, f.Clock+"/"+f.Level)
	return nil
}
