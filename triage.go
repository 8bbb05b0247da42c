package complaints

// Admitted takes a registered complaint in for review (受理).
type Admitted struct {
	Category string `json:"category,omitempty"`
}

// Kind names the fact in the log.
func (*Admitted) Kind() string { return "admitted" }

func (f *Admitted) apply(c *Case, e *Event) error {
	c.State = Triage
	if f.Category != "" {
		c.Category = f.Category
	}
	c.note(e, f.Kind(), f.Category)
	return nil
}

// Classified sets the main category (casework E.1).
type Classified struct {
	Category string `json:"category"`
}

// Kind names the fact in the log.
func (*Classified) Kind() string { return "classified" }

func (f *Classified) apply(c *Case, e *Event) error {
	c.Category = f.Category
	c.note(e, f.Kind(), f.Category)
	return nil
}

// Alleged adds one allegation, or with a known number replaces its text.
type Alleged struct {
	No         int    `json:"no"`
	Text       string `json:"text"`
	Respondent string `json:"respondent,omitempty"`
}

// Kind names the fact in the log.
func (*Alleged) Kind() string { return "alleged" }

func (f *Alleged) apply(c *Case, e *Event) error {
	if a := c.allegation(f.No); a != nil {
		a.Text = f.Text
		if f.Respondent != "" {
			a.Respondent = f.Respondent
		}
	} else {
		c.Allegations = append(c.Allegations, Allegation{No: f.No, Text: f.Text, Respondent: f.Respondent})
	}
	c.note(e, f.Kind(), f.Text)
	return nil
}

func (c *Case) allegation(no int) *Allegation {
	for i := range c.Allegations {
		if c.Allegations[i].No == no {
			return &c.Allegations[i]
		}
	}
	return nil
}

// Assigned asks a person to investigate; the person accepts or steps aside.
type Assigned struct {
	Person string `json:"person"`
}

// Kind names the fact in the log.
func (*Assigned) Kind() string { return "assigned" }

func (f *Assigned) apply(c *Case, e *Event) error {
	c.Assignee, c.Handler = f.Person, ""
	c.note(e, f.Kind(), f.Person)
	return nil
}

// TookOn makes the assignee the responsible person (责任人).
type TookOn struct {
	Person string `json:"person"`
}

// Kind names the fact in the log.
func (*TookOn) Kind() string { return "took_on" }

func (f *TookOn) apply(c *Case, e *Event) error {
	c.Handler, c.Assignee = f.Person, ""
	if c.State == Triage || c.State == Registered {
		c.State = Investigating
	}
	c.note(e, f.Kind(), f.Person)
	return nil
}

// Recused takes a person off the case, or off the committee for it (回避).
type Recused struct {
	Person string `json:"person"`
	Reason string `json:"reason"`
}

// Kind names the fact in the log.
func (*Recused) Kind() string { return "recused" }

func (f *Recused) apply(c *Case, e *Event) error {
	c.Recusals = append(c.Recusals, *f)
	if SameAddr(c.Assignee, f.Person) {
		c.Assignee = ""
	}
	if SameAddr(c.Handler, f.Person) {
		c.Handler = ""
	}
	c.note(e, f.Kind(), f.Person+": "+f.Reason)
	return nil
}
