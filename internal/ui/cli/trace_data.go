package cli

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/handsel-tls/handsel/internal/observe/flow"
)

// mostData is how many bytes of application data of a connection are shown.
const mostData = 1 << 20

// keepData gives how many bytes are to be kept.
func (f *traceFlags) keepData() int {
	if f.data {
		return mostData
	}
	return 0
}

// traceData is decrypted application data of one record.
type traceData struct {
	From   string  `json:"from"`
	Millis float64 `json:"at_ms"`
	Frame  int     `json:"frame"`
	Text   string  `json:"text,omitempty"`
	Base64 string  `json:"base64,omitempty"`
}

// dataOf gives the application data of a story: as text if it is text.
func dataOf(s *flow.Story) (list []traceData) {
	for _, c := range s.Carried {
		d := traceData{From: c.From.String(), Millis: float64((c.Time-s.TCP.First)/1000) / 1000, Frame: c.Frame}
		if isText(c.Data) {
			d.Text = string(c.Data)
		} else {
			d.Base64 = base64.StdEncoding.EncodeToString(c.Data)
		}
		list = append(list, d)
	}
	return list
}

func isText(b []byte) bool {
	return utf8.Valid(b) && !strings.ContainsFunc(string(b), func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f })
}

// tellData shows the application data: lines of text, or bytes.
func (v *traceView) tellData(b *strings.Builder) {
	for _, d := range v.Data {
		fmt.Fprintf(b, "    %10.3f ms  %s  data  frame %d\n", d.Millis, arrow(d.From), d.Frame)
		lines := strings.Split(strings.TrimSuffix(d.Text, "\n"), "\n")
		if d.Base64 != "" {
			raw, _ := base64.StdEncoding.DecodeString(d.Base64)
			lines = strings.Split(strings.TrimSuffix(hex.Dump(raw), "\n"), "\n")
		}
		for _, line := range lines {
			b.WriteString("          " + plain(strings.TrimSuffix(line, "\r")) + "\n")
		}
	}
}
