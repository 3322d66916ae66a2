package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func keyShareClientCodec() codec[KeyShareClient] {
	return ofExtension(iana.ExtKeyShare, ParseKeyShareClient, func(k KeyShareClient) []byte {
		b, shares := OpenKeyShareClient(nil)
		n := 0
		for g, share := range k.All() {
			var mark Mark
			b, mark = OpenKeyShare(b, g)
			b = mark.Close(append(b, share...))
			n++
		}
		if n != k.Count() {
			return []byte("the count is wrong")
		}
		return shares.Close(b)
	}, []string{
		"0000",
		"0005 001d 0001 aa",
		"000b 0a0a 0001 00 001d 0002 aabb",
	},
		bad{"0004 001d 0000", "key_exchange", 4},
		bad{"0005 001d 0002 aa", "key_exchange", 4},
		bad{"0001 00", "group", 2})
}

func TestKeyShareClient(t *testing.T) { keyShareClientCodec().test(t) }

func FuzzKeyShareClient(f *testing.F) { keyShareClientCodec().fuzz(f) }

func keyShareServerCodec() codec[serverShare] {
	return ofExtension(iana.ExtKeyShare, func(b []byte) (s serverShare, err error) {
		s.group, s.share, err = ParseKeyShareServer(b)
		return s, err
	}, func(s serverShare) []byte { return AppendKeyShareServer(nil, s.group, s.share) }, []string{
		"001d 0001 aa",
		"11ec 0440 aa*1088",
	},
		bad{"001d 0000", "key_exchange", 2},
		bad{"001d", "key_exchange", 2})
}

func TestKeyShareServer(t *testing.T) { keyShareServerCodec().test(t) }

func FuzzKeyShareServer(f *testing.F) { keyShareServerCodec().fuzz(f) }

func keyShareRetryCodec() codec[iana.Group] {
	return ofExtension(iana.ExtKeyShare, ParseKeyShareRetry, func(g iana.Group) []byte { return AppendKeyShareRetry(nil, g) }, []string{
		"0017",
	},
		bad{"00", "selected_group", 0},
		bad{"001700", "end", 2})
}

func TestKeyShareRetry(t *testing.T) { keyShareRetryCodec().test(t) }

func FuzzKeyShareRetry(f *testing.F) { keyShareRetryCodec().fuzz(f) }

type serverShare struct {
	group iana.Group
	share []byte
}

func TestKeyShareGet(t *testing.T) {
	k, err := ParseKeyShareClient(unhex("000b 0017 0001 bb 001d 0002 aabb"))
	if err != nil {
		t.Fatal(err)
	}
	if share, ok := k.Get(iana.X25519); !ok || string(share) != "\xaa\xbb" {
		t.Errorf("%x, %v", share, ok)
	}
	if _, ok := k.Get(iana.X448); ok {
		t.Error("there is no share for x448")
	}
}
