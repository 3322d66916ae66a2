package explain

import (
	"net"
	"strings"
)

// An entry says of a cause what it is, and what can be done.
type entry struct {
	id       string
	sentence string
	remedies []Remedy
}

const (
	forServer = "server's operator"
	forClient = "client's operator"
	forBoth   = "network's operator"
)

// do makes a remedy. Commands are pairs of a program and a line.
func do(who, text string, commands ...string) Remedy {
	r := Remedy{For: who, Text: text}
	for i := 0; i+1 < len(commands); i += 2 {
		r.Commands = append(r.Commands, Command{commands[i], commands[i+1]})
	}
	return r
}

// catalogue has the causes by id.
var catalogue = func() map[string]*entry {
	m := map[string]*entry{}
	for _, list := range [][]entry{aboutTCP, aboutChoices, aboutCertificates, aboutClients, aboutProtocol} {
		for i := range list {
			m[list[i].id] = &list[i]
		}
	}
	return m
}()

// Causes gives the ids of all causes, with a sentence each, by subject.
func Causes() (all []Cause) {
	for _, group := range []struct {
		subject string
		list    []entry
	}{{"The connection", aboutTCP}, {"What the two have in common", aboutChoices}, {"The server's certificate", aboutCertificates},
		{"The client's certificate and keys", aboutClients}, {"The protocol", aboutProtocol}} {
		for _, e := range group.list {
			all = append(all, Cause{group.subject, e.id, e.sentence, e.remedies})
		}
	}
	return all
}

// A Cause is a row of the catalogue.
type Cause struct {
	Subject  string   `json:"subject"`
	ID       string   `json:"id"`
	Sentence string   `json:"sentence"`
	Remedies []Remedy `json:"remedies,omitempty"` // with {host}, {server}, {port} and {:port} in place of the connection's
}

// sentence gives what a cause is if a rule has nothing to say that fits better.
func (v *view) sentence(id string) string {
	if e := catalogue[id]; e != nil {
		return v.fill(e.sentence)
	}
	return "The handshake failed."
}

// remedies adds what can be done about a finding.
func (v *view) remedies(f *Finding) {
	e := catalogue[f.ID]
	if e == nil {
		return
	}
	list := e.remedies
	if f.ID == "no-common-version" && v.offered {
		if list = ofOldClient; v.currentClient() {
			list = ofCurrentClient
		}
	}
	f.Remedies = make([]Remedy, len(list))
	for i, r := range list {
		f.Remedies[i] = Remedy{For: r.For, Text: v.fill(r.Text)}
		for _, c := range r.Commands {
			f.Remedies[i].Commands = append(f.Remedies[i].Commands, Command{c.Program, v.fill(c.Line)})
		}
	}
}

// fill puts the connection's names in.
func (v *view) fill(s string) string {
	if strings.IndexByte(s, '{') < 0 {
		return s
	}
	if v.filling == nil {
		server := v.Server
		if server == "" {
			server = net.JoinHostPort(v.host(), "443")
		}
		_, port, err := net.SplitHostPort(server)
		if err != nil {
			port = "443"
		}
		at := ":" + port
		if port == "443" {
			at = ""
		}
		v.filling = strings.NewReplacer("{host}", shell(v.host()), "{server}", server, "{port}", port, "{:port}", at, "{version}", v.Version.String())
	}
	return v.filling.Replace(s)
}

// shell makes a name that a stranger has chosen safe to stand in a command.
func shell(name string) string {
	for _, c := range name {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:_*", c) {
			return "HOST"
		}
	}
	return name
}
