package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func recordSizeLimitCodec() codec[uint16] {
	return ofExtension(iana.ExtRecordSizeLimit, ParseRecordSizeLimit, func(v uint16) []byte { return AppendRecordSizeLimit(nil, v) }, []string{
		"4001",
		"0000",
	},
		bad{"40", "RecordSizeLimit", 0},
		bad{"400100", "end", 2})
}

func TestRecordSizeLimit(t *testing.T) { recordSizeLimitCodec().test(t) }

func FuzzRecordSizeLimit(f *testing.F) { recordSizeLimitCodec().fuzz(f) }
