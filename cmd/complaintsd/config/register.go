package config

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"complaints"
)

// columns of the register; the first line of the file names them, in any order.
// The last three are for members of the committee, and may be left out.
var columns = []string{"address", "name", "department", "role", "manager", "active", "licence", "capacity", "term", "alternate_for"}

// ReadRegister reads a staff register (CSV, UTF-8 or the GB18030 of Chinese
// spreadsheets). Its error is an *Error with every mistake in the file.
func ReadRegister(path string) ([]complaints.Person, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, &Error{[]Mistake{{File: path, Text: fmt.Sprintf("cannot be read (%v)", reason(err))}}}
	}
	return ParseRegister(path, text)
}

// ParseRegister is ReadRegister for a text that was read from the file named.
func ParseRegister(path string, text []byte) (people []complaints.Person, err error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if !utf8.Valid(text) {
		if text, err = simplifiedchinese.GB18030.NewDecoder().Bytes(text); err != nil {
			return nil, &Error{[]Mistake{{File: path, Text: "is neither UTF-8 nor GB18030: save it as CSV (UTF-8)"}}}
		}
	}
	g := registerReader{file: path, lines: map[string]int{}}
	g.read(text)
	if len(g.mistakes) > 0 {
		return nil, &Error{g.mistakes}
	}
	return g.people, nil
}

// registerReader collects the rows of one register and what is wrong in them.
type registerReader struct {
	file     string
	at       map[string]int // column: place in the row
	lines    map[string]int // address: line
	people   []complaints.Person
	mistakes []Mistake
}

func (g *registerReader) add(line int, key, format string, args ...any) {
	g.mistakes = append(g.mistakes, Mistake{File: g.file, Line: line, Key: key, Text: fmt.Sprintf(format, args...)})
}

func (g *registerReader) read(text []byte) {
	rows := csv.NewReader(bytes.NewReader(text))
	rows.FieldsPerRecord = -1
	rows.TrimLeadingSpace = true
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if broken, ok := errors.AsType[*csv.ParseError](err); ok {
			g.add(broken.Line, "", "is not CSV: %v", broken.Err)
			return // the rest cannot be told apart
		}
		line, _ := rows.FieldPos(0)
		if g.at == nil {
			if !g.header(line, row) {
				return
			}
			continue
		}
		g.person(line, row)
	}
	if g.at == nil {
		g.add(0, "", "is empty: write the line %s and below it one line for each person", strings.Join(columns, ","))
		return
	}
	for _, p := range g.people {
		if p.Manager != "" && g.lines[p.Manager] == 0 {
			g.add(g.lines[p.Address], "manager", "%s does not stand in the register: write the address of one who does, or nothing", p.Manager)
		}
		if a := p.AlternateFor; a != "" && a != complaints.AnyMember && g.lines[a] == 0 {
			g.add(g.lines[p.Address], "alternate_for", "%s does not stand in the register: write the address of the member for whom they stand in, or any", a)
		}
	}
}

// header reads the line that names the columns.
func (g *registerReader) header(line int, row []string) bool {
	g.at = map[string]int{}
	for i, name := range row {
		name = strings.ToLower(strings.TrimSpace(name))
		if slices.Contains(columns, name) {
			g.at[name] = i
		} else if near := Closest(name, columns); near != "" {
			g.add(line, name, "is no column: did you mean %s?", near)
		} else {
			g.add(line, name, "is no column: the columns are %s", strings.Join(columns, ","))
		}
	}
	for _, name := range []string{"address", "name", "role"} {
		if _, ok := g.at[name]; !ok {
			g.add(line, name, "is missing: the first line names the columns %s", strings.Join(columns, ","))
		}
	}
	return len(g.mistakes) == 0
}

// person reads one row; an empty one is passed over.
func (g *registerReader) person(line int, row []string) {
	if strings.TrimSpace(strings.Join(row, "")) == "" {
		return
	}
	get := func(column string) string {
		if i, ok := g.at[column]; ok && i < len(row) {
			return strings.TrimSpace(row[i])
		}
		return ""
	}
	p := complaints.Person{Address: strings.ToLower(get("address")), Name: get("name"), Department: get("department"),
		Manager: strings.ToLower(get("manager")), Licence: get("licence"), Capacity: get("capacity"), AlternateFor: strings.ToLower(get("alternate_for"))}
	if p.AlternateFor == "任意" {
		p.AlternateFor = complaints.AnyMember
	}
	if v := get("term"); v != "" {
		var ok bool
		if p.Term, ok = complaints.ParseDate(v); !ok {
			g.add(line, "term", "is %q: write the last day of the term, such as 2028-06-30, or nothing", v)
		}
	}
	if !plainAddress(p.Address) {
		g.add(line, "address", "is %q: write a plain address, such as \"li@firm.example\"", p.Address)
	}
	if first := g.lines[p.Address]; first > 0 {
		g.add(line, "address", "%s stands in line %d already: leave one of them", p.Address, first)
	}
	g.lines[p.Address] = line
	if p.Name == "" {
		g.add(line, "name", "is missing: write the name as letters show it")
	}
	roles, err := complaints.ParseRoles(get("role"))
	if err != nil {
		g.add(line, "role", "%s Write officer, head, investigator, member, chair, counsel, management, hr, auditor, admin or staff, joined by +", err)
	}
	p.Roles = roles
	switch strings.ToLower(get("active")) {
	case "", "true", "yes", "y", "1", "是", "在职":
		p.Active = true
	case "false", "no", "n", "0", "否", "离职":
	default:
		g.add(line, "active", "is %q: write true or false", get("active"))
	}
	g.people = append(g.people, p)
}

// Gaps says which work nobody in the register can do, one sentence each.
func Gaps(r *complaints.Register, p complaints.Parameters) []string {
	var gaps []string
	if len(r.With(complaints.Officer, complaints.Head)) == 0 {
		gaps = append(gaps, "nobody is officer or head: no complaint can be triaged")
	}
	if len(r.With(complaints.Head)) == 0 {
		gaps = append(gaps, "nobody is head: no report and no result letter can be approved")
	}
	if len(r.With(complaints.Investigator)) == 0 {
		gaps = append(gaps, "nobody is investigator: no complaint can be assigned")
	}
	if len(r.With(complaints.Chair)) == 0 {
		gaps = append(gaps, "nobody is chair: no appeal can be decided")
	}
	// The head approves the result and is recused from the appeal against it.
	var free int
	committee := r.With(complaints.Member, complaints.Chair)
	for _, m := range committee {
		if !m.Is(complaints.Head) {
			free++
		}
	}
	switch {
	case len(committee) < p.Quorum:
		gaps = append(gaps, fmt.Sprintf("the committee has %d members and policy.quorum is %d: no appeal can be decided", len(committee), p.Quorum))
	case free < p.Quorum:
		gaps = append(gaps, fmt.Sprintf("without the head, who is recused from appeals against letters they approved, the committee has %d members and policy.quorum is %d: name more members", free, p.Quorum))
	}
	if len(r.With(complaints.Admin)) == 0 {
		gaps = append(gaps, "nobody is admin: the register and the calendar can be loaded on this machine only")
	}
	return gaps
}
