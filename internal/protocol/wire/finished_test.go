package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func finishedCodec() codec[Finished] {
	return ofMessage(iana.MsgFinished, func(b []byte) (Finished, error) { return ParseFinished(b, 12) }, func(m Finished) []byte { return m.Append(nil) }, []string{
		"aa*12",
	},
		bad{"aa*11", "verify_data", 0},
		bad{"aa*13", "end", 12})
}

func TestFinished(t *testing.T) { finishedCodec().test(t) }

func FuzzFinished(f *testing.F) { finishedCodec().fuzz(f) }
