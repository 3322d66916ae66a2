package eventlog

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/events.md")

const docs = "../../../docs/events.md"

// tables are the parts of docs/events.md that are made of what is in the code, by
// the comments between which they stand.
func tables() map[string]string {
	var kinds, own strings.Builder
	kinds.WriteString("| id | name | level | when | message |\n|---|---|---|---|---|\n")
	for _, k := range Kinds {
		fmt.Fprintf(&kinds, "| %d | %s | %s | %s | %s |\n", k.ID, k.Name, k.Level, k.About, k.Template)
	}
	own.WriteString("| state | fault |\n|---|---|\n")
	for _, name := range strings.Fields(stateNames) {
		fmt.Fprintf(&own, "| %d | %s |\n", StateOf(name), name)
	}
	return map[string]string{"kinds": kinds.String(), "states": own.String()}
}

func TestDocumentation(t *testing.T) {
	b, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for name, table := range tables() {
		begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->"
		head, rest, ok := strings.Cut(text, begin)
		was, tail, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("there is no place for %s", name)
		}
		if was != table && !*update {
			t.Errorf("the table %s is not what the code says: go test ./internal/observe/eventlog -run Documentation -update", name)
		}
		text = head + begin + table + end + tail
	}
	if *update {
		if err := os.WriteFile(docs, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[Event](), reflect.TypeFor[Fields]()} {
		for i := range typ.NumField() {
			if name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ","); name != "" && !strings.Contains(text, "`"+name+"`") {
				t.Errorf("it does not say what %s is", name)
			}
		}
	}
	for _, word := range Classes {
		if !strings.Contains(text, "`"+word+"`") {
			t.Errorf("it does not say what class %s is", word)
		}
	}
}
