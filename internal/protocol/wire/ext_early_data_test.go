package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func earlyDataTicketCodec() codec[uint32] {
	return ofExtension(iana.ExtEarlyData, ParseEarlyDataTicket, func(v uint32) []byte { return AppendEarlyDataTicket(nil, v) }, []string{
		"00004000",
		"ffffffff",
	},
		bad{"000040", "max_early_data_size", 0},
		bad{"0000400000", "end", 4})
}

func TestEarlyDataTicket(t *testing.T) { earlyDataTicketCodec().test(t) }

func FuzzEarlyDataTicket(f *testing.F) { earlyDataTicketCodec().fuzz(f) }
