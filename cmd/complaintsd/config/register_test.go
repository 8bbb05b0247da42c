package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"complaints"
)

const staffList = `address,name,department,role,manager,active,licence
zhou@firm.example,周敏,客户服务部,head,,true,
wang@firm.example,王芳,客户服务部,officer,zhou@firm.example,true,
Li@Firm.example,李雷,民事部,investigator+member,zhou@firm.example,,13101201011111111
chen@firm.example,陈晨,办公室,chair+management,,是,
sun@firm.example,孙丽,刑事部,member,,true,
he@firm.example,何平,行政部,member,,离职,
`

func register(t *testing.T, text string) ([]complaints.Person, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "staff.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return ReadRegister(path)
}

func TestRegisterInEveryForm(t *testing.T) {
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(staffList)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"utf-8": staffList, "bom": "\ufeff" + staffList, "gb18030": gb, "crlf": strings.ReplaceAll(staffList, "\n", "\r\n")} {
		people, err := register(t, text)
		if err != nil || len(people) != 6 {
			t.Fatalf("%s: %d people, %v", name, len(people), err)
		}
		li := people[2]
		if li.Address != "li@firm.example" || li.Name != "李雷" || !li.Active || !slices.Equal(li.Roles, []complaints.Role{complaints.Investigator, complaints.Member}) || li.Licence != "13101201011111111" {
			t.Errorf("%s: %+v", name, li)
		}
		if people[5].Active {
			t.Errorf("%s: one who has left is active", name)
		}
	}
}

// Members of the committee have a capacity, a term and perhaps somebody whom
// they stand in for.
func TestRegisterOfTheCommittee(t *testing.T) {
	people, err := register(t, `address,name,role,capacity,term,alternate_for
sun@firm.example,孙丽,member,部门代表,2028年6月30日,
wu@firm.example,吴刚,member,外聘委员,,Sun@firm.example
he@firm.example,何平,member,,,任意
`)
	if err != nil {
		t.Fatal(err)
	}
	if s := people[0]; s.Capacity != "部门代表" || s.Term != (complaints.Date{Year: 2028, Month: 6, Day: 30}) || s.AlternateFor != "" {
		t.Errorf("%+v", s)
	}
	if people[1].AlternateFor != "sun@firm.example" || people[2].AlternateFor != complaints.AnyMember || !people[1].Term.IsZero() {
		t.Errorf("%+v, %+v", people[1], people[2])
	}
	_, err = register(t, "address,name,role,term,alternate_for\nsun@firm.example,孙丽,member,明年,nobody@firm.example\n")
	got := strings.Join(said(t, err), "\n")
	for _, want := range []string{`2: term: is "明年"`, `2: alternate_for: nobody@firm.example does not stand in the register`} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in:\n%s", want, got)
		}
	}
}

func TestRegisterMistakes(t *testing.T) {
	_, err := register(t, `address,name,role,manager,active
li,李雷,officer,,true
wang@firm.example,,officer,,true
wang@firm.example,王芳,boss,nobody@firm.example,perhaps
`)
	got := said(t, err)
	for _, want := range []string{`2: address: is "li"`, `3: name: is missing`, `4: address: wang@firm.example stands in line 3 already`, `4: role: There is no role "boss"`, `4: active: is "perhaps"`, `4: manager: nobody@firm.example does not stand in the register`} {
		if !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, want) }) {
			t.Errorf("%q is missing in %q", want, got)
		}
	}
	for text, want := range map[string]string{"": "is empty", "address,name,rol\n": "did you mean role?", "address,name\n": "role: is missing", "address,name,role\n\"a,b\n": "is not CSV"} {
		_, err := register(t, text)
		if got := strings.Join(said(t, err), "\n"); !strings.Contains(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestGaps(t *testing.T) {
	p := complaints.DefaultParameters()
	people, err := register(t, staffList)
	if err != nil {
		t.Fatal(err)
	}
	if got := Gaps(complaints.NewRegister(people), p); len(got) != 1 || !strings.HasPrefix(got[0], "nobody is admin") {
		t.Errorf("got %q", got)
	}
	// The head sits on the committee, and is recused from appeals.
	people[0].Roles = append(people[0].Roles, complaints.Member)
	people[4].Roles = nil
	if got := strings.Join(Gaps(complaints.NewRegister(people), p), "\n"); !strings.Contains(got, "without the head") {
		t.Errorf("got %q", got)
	}
	got := strings.Join(Gaps(nil, p), "\n")
	for _, want := range []string{"nobody is officer", "nobody is head", "nobody is investigator", "nobody is chair", "committee has 0 members and policy.quorum is 3"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in %q", want, got)
		}
	}
}
