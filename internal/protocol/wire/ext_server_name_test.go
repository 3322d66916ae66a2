package wire

import (
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func serverNameClientCodec() codec[[]byte] {
	return ofExtension(iana.ExtServerName, ParseServerNameClient, func(name []byte) []byte { return AppendServerNameClient(nil, string(name)) }, []string{
		"0004 00 0001 61",
		"000e 00 000b 6578616d706c652e636f6d",
	},
		bad{"0000", "server_name_list", 0},
		bad{"0004 01 0001 61", "name_type", 2},
		bad{"0003 00 0000", "HostName", 3},
		bad{"0004 00 0001 00", "HostName", 3},
		bad{"0008 00 0001 61 00 0001 62", "end", 6},
		bad{"0103 00 0100" + strings.Repeat(" 61", 256), "HostName", 3},
		bad{"0004 00 0002 61", "HostName", 3})
}

func TestServerNameClient(t *testing.T) { serverNameClientCodec().test(t) }

func FuzzServerNameClient(f *testing.F) { serverNameClientCodec().fuzz(f) }

func TestServerNameServer(t *testing.T) {
	if got, want := AppendServerNameServer(nil), unhex("0000 0000"); string(got) != string(want) {
		t.Errorf("%x, want %x", got, want)
	}
}
