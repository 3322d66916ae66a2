package wire

import "testing"

func TestSessionTicket(t *testing.T) {
	for ticket, want := range map[string]string{"": "0023 0000", "abc": "0023 0003 616263"} {
		if got := AppendSessionTicket(nil, []byte(ticket)); string(got) != string(unhex(want)) {
			t.Errorf("%q: %x, want %s", ticket, got, want)
		}
	}
}
