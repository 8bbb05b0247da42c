package config

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// reader decodes the file key by key, so that one mistake does not hide the
// next, and knows the line of each key.
type reader struct {
	file     string
	lines    map[string]int // key, such as mailbox.poll or external_route[1].name: line
	md       toml.MetaData
	known    []string // every key there is, without numbers
	mistakes []Mistake
}

// decode fills cfg. It reports false when the text is no TOML: then there is
// nothing to check.
func (r *reader) decode(text string, cfg *Config) bool {
	var raw map[string]toml.Primitive
	md, err := toml.Decode(text, &raw)
	if err != nil {
		m := Mistake{File: r.file, Text: err.Error()}
		if at, ok := errors.AsType[toml.ParseError](err); ok {
			// The position is right; the line is one too many where it is a line end.
			m.Line = 1 + strings.Count(text[:min(at.Position.Start, len(text))], "\n")
			m.Key, m.Text = at.LastKey, "is not TOML: "+at.Message
		}
		r.mistakes = append(r.mistakes, m)
		return false
	}
	r.md = md
	r.known = knownKeys("", reflect.TypeOf(*cfg))
	r.table(raw, "", reflect.ValueOf(cfg).Elem())
	return true
}

// table decodes one table of the file into a struct.
func (r *reader) table(raw map[string]toml.Primitive, at string, into reflect.Value) {
	fields := map[string]reflect.Value{}
	for _, f := range reflect.VisibleFields(into.Type()) {
		if name := f.Tag.Get("toml"); name != "" {
			fields[name] = into.FieldByIndex(f.Index)
		}
	}
	for name, value := range raw {
		key := at + name
		field, ok := fields[name]
		if !ok {
			r.unknown(key, name)
			continue
		}
		switch kindOf(field.Type()) {
		case "table":
			var sub map[string]toml.Primitive
			if r.md.PrimitiveDecode(value, &sub) != nil {
				r.add(key, "is a table: write [%s] on a line of its own and its keys below", key)
				continue
			}
			r.table(sub, key+".", field)
		case "tables":
			var subs []map[string]toml.Primitive
			if r.md.PrimitiveDecode(value, &subs) != nil {
				r.add(key, "is a list of tables: write [[%s]] before each", key)
				continue
			}
			field.Set(reflect.MakeSlice(field.Type(), len(subs), len(subs)))
			for i, sub := range subs {
				r.table(sub, fmt.Sprintf("%s[%d].", key, i+1), field.Index(i))
			}
		default:
			before := reflect.ValueOf(field.Interface())
			if r.md.PrimitiveDecode(value, field.Addr().Interface()) != nil {
				field.Set(before)
				r.add(key, "has a value of the wrong kind: write %s", kindOf(field.Type()))
			}
		}
	}
}

// kindOf says in words what is written for a field of this type; table and
// tables are those that have keys of their own.
func kindOf(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[Duration]():
		return `a span of time with its unit, such as "90s" or "5m"`
	case t == reflect.TypeFor[Size]():
		return `a size with its unit, such as "50 MB" or "256 kB"`
	case t.Kind() == reflect.Struct:
		return "table"
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		return "tables"
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Int:
		return "a list of whole numbers, such as [2, 1]"
	case t.Kind() == reflect.Slice:
		return `a list of texts, such as ["zhang@firm.example"]`
	case t.Kind() == reflect.Int:
		return "a whole number without quotation marks"
	case t.Kind() == reflect.Bool:
		return "true or false"
	}
	return "a text in quotation marks"
}

// knownKeys lists the keys of a struct and of the tables in it.
func knownKeys(at string, t reflect.Type) []string {
	var keys []string
	for _, f := range reflect.VisibleFields(t) {
		name := f.Tag.Get("toml")
		if name == "" {
			continue
		}
		keys = append(keys, at+name)
		switch kindOf(f.Type) {
		case "table":
			keys = append(keys, knownKeys(at+name+".", f.Type)...)
		case "tables":
			keys = append(keys, knownKeys(at+name+".", f.Type.Elem())...)
		}
	}
	return keys
}

// unknown refuses a key and names the one that was probably meant: the
// Closest of its own table, else the same name in another table.
func (r *reader) unknown(key, name string) {
	plain := counters.ReplaceAllString(key, "")
	table := strings.TrimSuffix(plain, name)
	var here, elsewhere []string
	for _, k := range r.known {
		rest, in := strings.CutPrefix(k, table)
		if in && !strings.Contains(rest, ".") {
			here = append(here, rest)
		}
		if strings.HasSuffix(k, "."+name) || k == name {
			elsewhere = append(elsewhere, k)
		}
	}
	near := Closest(name, here)
	switch {
	case len(elsewhere) == 1:
		if i := strings.LastIndex(elsewhere[0], "."); i >= 0 {
			r.add(key, "is unknown here: it belongs under [%s]", elsewhere[0][:i])
		} else {
			r.add(key, "is unknown here: it belongs at the top of the file, before the first [table]")
		}
	case near != "":
		r.add(key, "is unknown: did you mean %s?", table+near)
	default:
		slices.Sort(here)
		r.add(key, "is unknown: known here are %s", strings.Join(here, ", "))
	}
}

var (
	counters   = regexp.MustCompile(`\[\d+\]`)
	tableLine  = regexp.MustCompile(`^\s*(\[{1,2})\s*([\w.-]+)\s*\]{1,2}\s*(#.*)?$`)
	keyLine    = regexp.MustCompile(`^\s*([\w.-]+)\s*=`)
	textFences = regexp.MustCompile(`"""|'''`)
)

// keyLines finds the line of every key that is written in the plain way. The
// TOML package keeps no positions of what it accepted; a key that this misses
// (quoted, or in an inline table) is reported without its line.
func keyLines(text string) map[string]int {
	lines, count := map[string]int{}, map[string]int{}
	at, inText := "", false
	for i, line := range strings.Split(text, "\n") {
		fences := len(textFences.FindAllString(line, -1))
		wasIn := inText
		inText = inText != (fences%2 == 1)
		if wasIn {
			continue
		}
		if m := tableLine.FindStringSubmatch(line); m != nil {
			at = m[2]
			if m[1] == "[[" {
				count[at]++
				at = fmt.Sprintf("%s[%d]", at, count[at])
			}
			lines[at] = i + 1
			at += "."
		} else if m := keyLine.FindStringSubmatch(line); m != nil {
			lines[at+m[1]] = i + 1
		}
	}
	return lines
}
