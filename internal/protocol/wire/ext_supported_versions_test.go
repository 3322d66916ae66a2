package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func supportedVersionsClientCodec() codec[List[iana.Version]] {
	return ofExtension(iana.ExtSupportedVersions, ParseSupportedVersionsClient, func(l List[iana.Version]) []byte { return AppendSupportedVersionsClient(nil, l.Values()) }, []string{
		"02 0304",
		"06 0a0a 0304 0303",
	},
		bad{"00", "versions", 0},
		bad{"03 030403", "versions", 0})
}

func TestSupportedVersionsClient(t *testing.T) { supportedVersionsClientCodec().test(t) }

func FuzzSupportedVersionsClient(f *testing.F) { supportedVersionsClientCodec().fuzz(f) }

func supportedVersionsServerCodec() codec[iana.Version] {
	return ofExtension(iana.ExtSupportedVersions, ParseSupportedVersionsServer, func(v iana.Version) []byte { return AppendSupportedVersionsServer(nil, v) }, []string{
		"0304",
		"7f1c",
	},
		bad{"03", "selected_version", 0},
		bad{"02 0304", "end", 2})
}

func TestSupportedVersionsServer(t *testing.T) { supportedVersionsServerCodec().test(t) }

func FuzzSupportedVersionsServer(f *testing.F) { supportedVersionsServerCodec().fuzz(f) }
