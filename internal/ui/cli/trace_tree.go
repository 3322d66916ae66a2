package cli

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/handsel-tls/handsel/internal/observe/field"
	"github.com/handsel-tls/handsel/internal/observe/flow"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// A traceField is a line of a message's tree, as JSON.
type traceField struct {
	Name   string       `json:"name"`
	Label  string       `json:"label"`
	Value  string       `json:"value,omitempty"`
	Start  int          `json:"start"`
	End    int          `json:"end"`
	Error  string       `json:"error,omitempty"`
	Fields []traceField `json:"fields,omitempty"`
}

func fieldView(f *field.Field) traceField {
	v := traceField{Name: f.Name, Label: f.Label, Value: f.Value, Start: f.Start, End: f.End, Error: f.Error}
	for i := range f.Sub {
		v.Fields = append(v.Fields, fieldView(&f.Sub[i]))
	}
	return v
}

// tellTree tells of the records and the fields of a message.
func tellTree(b *strings.Builder, s *flow.Story, m *flow.Message, c colors) {
	const indent = "          "
	if text := reassembled(m); text != "" {
		fmt.Fprintf(b, "%s%s[%s]%s\n", indent, c.dim, text, c.off)
	}
	for i, r := range m.Records {
		if i == 3 && len(m.Records) > 5 {
			fmt.Fprintf(b, "%s... %d more records\n", indent, len(m.Records)-i)
			break
		}
		if m.SSL2 {
			fmt.Fprintf(b, "%sSSL 2.0 Record Layer: Length: %d\n", indent, r.Length)
			continue
		}
		shared := ""
		if shares(s, m, r) {
			shared = ", multiple messages"
		}
		fmt.Fprintf(b, "%sRecord Layer: %v (%d)%s, Version: %v (0x%04x), Length: %d, at sequence number %d (relative)\n", indent, r.Content, uint8(r.Content), shared, field.Version(r.Version), uint16(r.Version), r.Length, r.Offset+1)
	}
	tree := s.Tree(m)
	if tree == nil {
		return
	}
	tree.Walk(func(depth int, f *field.Field) {
		line := plain(f.Label)
		if f.Value != "" {
			line += ": " + plain(f.Value)
		}
		fmt.Fprintf(b, "%s%s%s", indent, strings.Repeat("  ", depth), line)
		if f.Error != "" {
			fmt.Fprintf(b, "  %s[%s]%s", c.red, plain(f.Error), c.off)
		}
		b.WriteString("\n")
	})
}

// reassembled says what segments brought the records of a message, if there are
// several.
func reassembled(m *flow.Message) string {
	if len(m.Frames) < 2 {
		return ""
	}
	total, parts := 0, make([]string, len(m.Frames))
	for i, f := range m.Frames {
		total += m.Segs[i]
		parts[i] = fmt.Sprintf("#%d(%d)", f, m.Segs[i])
	}
	return fmt.Sprintf("%d reassembled TCP segments (%d bytes): %s", len(parts), total, strings.Join(parts, ", "))
}

// shares reports whether a record has messages beside this one.
func shares(s *flow.Story, m *flow.Message, r flow.RecordHeader) bool {
	for _, other := range s.Messages {
		if other == m || other.From != m.From || other.Content != iana.ContentHandshake {
			continue
		}
		for _, o := range other.Records {
			if o.Offset == r.Offset && o == r {
				return true
			}
		}
	}
	return false
}

// hexFields are fields that people look for.
var hexFields = []string{
	"ClientHello.random", "ClientHello.legacy_session_id", "ClientHello.cipher_suites", "ClientHello.extensions", "ClientHello.extensions.server_name",
	"ClientHello.extensions.key_share", "ServerHello.random", "ServerHello.legacy_session_id_echo", "ServerHello.extensions",
	"Certificate.certificate_list", "ServerKeyExchange.signature", "CertificateVerify.signature", "Finished.verify_data",
}

// tellBytes shows the bytes of the fields that have the name, the label or the end
// of the path, and reports whether there are any.
func tellBytes(b *strings.Builder, tree *field.Field, want string) (found bool) {
	var path []string
	within := [][]byte{tree.Raw}
	tree.Walk(func(depth int, f *field.Field) {
		path = append(path[:depth], f.Name)
		raw := within[depth]
		if within = append(within[:depth+1], raw); f.Raw != nil {
			within[depth+1] = f.Raw
		}
		full := strings.Join(path, ".")
		label, _, _ := strings.Cut(f.Label, " (")
		if !strings.EqualFold(label, want) && !strings.EqualFold(full, want) &&
			!(len(full) > len(want) && strings.EqualFold(full[len(full)-len(want)-1:], "."+want)) {
			return
		}
		if f.End > len(raw) || f.Start >= f.End {
			return
		}
		found = true
		fmt.Fprintf(b, "          %s, bytes %d to %d\n", full, f.Start, f.End-1)
		for _, line := range strings.SplitAfter(hex.Dump(raw[f.Start:f.End]), "\n") {
			if line != "" {
				b.WriteString("            " + line)
			}
		}
	})
	return found
}
