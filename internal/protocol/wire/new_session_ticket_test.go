package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func newSessionTicket13Codec() codec[NewSessionTicket13] {
	return ofMessage(iana.MsgNewSessionTicket, ParseNewSessionTicket13, func(m NewSessionTicket13) []byte { return m.Append(nil) }, []string{
		"00015180 01020304 00 0001 aa 0000",
		"00000000 ffffffff 02 0001 0003 aabbcc 0008 002a 0004 00004000",
	},
		bad{"00015180 01020304 00 0000 0000", "ticket", 9},
		bad{"00015180 01020304 00 0001 aa 0001 00", "extensions", 12})
}

func TestNewSessionTicket13(t *testing.T) { newSessionTicket13Codec().test(t) }

func FuzzNewSessionTicket13(f *testing.F) { newSessionTicket13Codec().fuzz(f) }

func newSessionTicket12Codec() codec[NewSessionTicket12] {
	return ofMessage(iana.MsgNewSessionTicket, ParseNewSessionTicket12, func(m NewSessionTicket12) []byte { return m.Append(nil) }, []string{
		"0000012c 0000",
		"0000012c 0004 01020304",
	},
		bad{"0000012c 0004 010203", "ticket", 4},
		bad{"0000012c 0000 01", "end", 6})
}

func TestNewSessionTicket12(t *testing.T) { newSessionTicket12Codec().test(t) }

func FuzzNewSessionTicket12(f *testing.F) { newSessionTicket12Codec().fuzz(f) }
