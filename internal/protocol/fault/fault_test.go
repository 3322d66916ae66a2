package fault

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func TestWith(t *testing.T) {
	plain := With(NoSharedSuite, "the client offers %d", 3)
	caused := With(SigningFailed, "the key of %s: %w", "a.example", io.ErrUnexpectedEOF)
	for _, c := range []struct {
		err   error
		code  Code
		cause error
		text  string
	}{
		{NoSharedSuite, NoSharedSuite, nil, NoSharedSuite.Sentence()},
		{plain, NoSharedSuite, nil, NoSharedSuite.Sentence() + ": the client offers 3"},
		{caused, SigningFailed, io.ErrUnexpectedEOF, SigningFailed.Sentence() + ": the key of a.example: unexpected EOF"},
		{fmt.Errorf("around: %w", caused), SigningFailed, io.ErrUnexpectedEOF, "around: " + caused.Error()},
	} {
		if code, ok := Of(c.err); !ok || code != c.code || !errors.Is(c.err, c.code) {
			t.Errorf("%v has the code %v", c.err, code)
		}
		if c.cause != nil && !errors.Is(c.err, c.cause) {
			t.Errorf("%v lost its cause", c.err)
		}
		if c.err.Error() != c.text {
			t.Errorf("%q, want %q", c.err.Error(), c.text)
		}
	}
	if code, ok := Of(io.EOF); ok || code != Internal {
		t.Errorf("an error of no row has the code %v", code)
	}
	if _, ok := Of(nil); ok {
		t.Error("no error has a code")
	}
}

func TestRows(t *testing.T) {
	if n := len(All()); n != len(table) {
		t.Errorf("%d of %d rows have a name", n, len(table))
	}
	if c := Code(len(table)); c.Name() != Internal.Name() || c.Alert() != iana.AlertInternalError {
		t.Errorf("a code without a row is %s", c.Name())
	}
	for _, name := range []string{"", "nothing of that name"} {
		if c, ok := Named(name); ok {
			t.Errorf("%q is %v", name, c)
		}
	}
	seen := map[string]bool{}
	for _, w := range []Whose{Peer, Both, Local, PeerSaid, Trust} {
		if s := w.String(); s == "" || seen[s] {
			t.Errorf("the name of %d is %q", w, s)
		} else {
			seen[s] = true
		}
	}
}
