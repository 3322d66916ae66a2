// Package lexicon knows what the words mean that programs print when a handshake
// fails: alerts by number and name, the events of Schannel with their internal error
// states, and the error texts of libraries, languages, browsers, systems and servers.
// Each entry says what it means, who says it, and which causes of package explain it
// usually has.
package lexicon

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// An Entry is a meaning.
type Entry struct {
	Title   string   `json:"title"`             // "alert handshake_failure (40)"
	SaidBy  string   `json:"said_by"`           // who prints it
	Means   string   `json:"means"`             // what it means, in a sentence or two
	Causes  []string `json:"causes,omitempty"`  // ids of package explain, the most usual first
	Find    string   `json:"find,omitempty"`    // how to find out which
	Unknown bool     `json:"unknown,omitempty"` // there is no evidence of what it means

	weight int // of what was found in the words: longer is surer
}

// most is how many entries are given for one text.
const most = 5

// Look gives what the words mean, the surest first; nothing if they are unknown.
func Look(words string) []Entry {
	text := normal(words)
	var found []Entry
	found = append(found, events(text)...)
	found = append(found, codes(text)...)
	found = append(found, phrases(text)...)
	found = append(found, packed(text)...)
	if len(found) == 0 || !strings.ContainsAny(text, " ") {
		found = append(found, alerts(text)...)
	} else {
		found = append(append(found, named(text)...), numbered(text)...)
	}
	slices.SortStableFunc(found, func(a, b Entry) int { return cmp.Compare(b.weight, a.weight) })
	seen := map[string]bool{}
	found = slices.DeleteFunc(found, func(e Entry) bool {
		was := seen[e.Title]
		seen[e.Title] = true
		return was
	})
	return found[:min(len(found), most)]
}

// normal gives a text in lower case, with single spaces.
func normal(s string) string {
	if len(s) > 1<<16 {
		s = s[:1<<16]
	}
	s = strings.ToLower(s)
	s = strings.NewReplacer("’", "'", "“", "\"", "”", "\"", "\u00a0", " ").Replace(s)
	return strings.Join(strings.Fields(s), " ")
}

var (
	number     = regexp.MustCompile(`^(?:tls |ssl |fatal |schannel |the )*(?:alert |alert number |alert code |code )?\(?(\d{1,3})\)?$`)
	anyNumber  = regexp.MustCompile(`(?:alert number|alert code|ssl alert|tls alert|alert description|fatal error code is|alert received|fatal alert was received:|fatal alert was generated:|alert \[|alert)[ :=(]*(\d{1,3})\b`)
	wordOrName = regexp.MustCompile(`^(?:tls |ssl |fatal |alert )*([a-z_ -]+?)(?: alert)?$`)
)

// alerts takes a number or a name by itself.
func alerts(text string) []Entry {
	if m := number.FindStringSubmatch(text); m != nil {
		n, _ := strconv.Atoi(m[1])
		return alertEntry(n, 50)
	}
	if found := named(text); found != nil {
		return found
	}
	return numbered(text)
}

// named takes a name by itself.
func named(text string) []Entry {
	if m := wordOrName.FindStringSubmatch(text); m != nil {
		name := strings.NewReplacer(" ", "_", "-", "_").Replace(m[1])
		for n := range 256 {
			if plainName(iana.Alert(n)) == name {
				return alertEntry(n, 2000) // that and nothing else
			}
		}
	}
	return nil
}

// numbered takes the number of an alert out of a longer text.
func numbered(text string) []Entry {
	if m := anyNumber.FindStringSubmatch(text); m != nil {
		n, _ := strconv.Atoi(m[1])
		return alertEntry(n, len(m[0]))
	}
	return nil
}

// has says whether a text has the words; a name with underscores is not taken for a
// part of a longer word.
func has(text, says string) bool {
	_, after, found := strings.Cut(text, says)
	if !found || !strings.Contains(says, "_") || strings.HasSuffix(says, "_") {
		return found
	}
	return after == "" || after[0] < 'a' || after[0] > 'z'
}

// alertEntry gives what an alert means; nothing if no alert has the number.
func alertEntry(n, weight int) []Entry {
	number := iana.Alert(n)
	a, ok := alertTable[number]
	if n > 255 || !ok {
		return nil
	}
	name := plainName(number)
	return []Entry{{
		Title: "alert " + name + " (" + strconv.Itoa(n) + ")", SaidBy: "TLS itself: the peer sends it, and each stack has words of its own for it",
		Means: a.means, Causes: a.causes, Find: a.find, weight: weight,
	}}
}

// phrases finds the texts of programs in a longer one.
func phrases(text string) (found []Entry) {
	whole := text
	text = spelled(text)
	for i := range texts {
		for _, says := range texts[i].says {
			if !has(text, says) {
				continue
			}
			e := texts[i].Entry
			e.weight += len(says) + 20
			if says == whole {
				e.weight += 1000
			}
			found = append(found, e)
			break
		}
	}
	for _, words := range received {
		m := words.pattern.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		n, ok := words.numbers[strings.TrimRight(m[1], " .\")")]
		if !ok {
			continue
		}
		for _, e := range alertEntry(int(n), len(m[0])+10) {
			e.SaidBy = words.by
			e.Means = words.begins + e.Means
			found = append(found, e)
		}
	}
	return found
}

// Names gives the names of alerts and of codes, for completion.
func Names() (all []string) {
	for n := range alertTable {
		all = append(all, strings.TrimSuffix(n.String(), "_RESERVED"))
	}
	for name := range codeTable {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// All gives every entry.
func All() (all []Entry) {
	for n := range alertTable {
		all = append(all, alertEntry(int(n), 0)...)
	}
	for id := range eventTable {
		all = append(all, events(strconv.Itoa(id))...)
	}
	for st, list := range states {
		for _, s := range list {
			all = append(all, stateEntry(s.event, s.alert, st))
		}
	}
	for name := range codeTable {
		all = append(all, codes(strings.ToLower(name))...)
	}
	for i := range texts {
		all = append(all, texts[i].Entry)
	}
	return all
}
