package wire

import (
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func preSharedKeyClientCodec() codec[PreSharedKeyClient] {
	return ofExtension(iana.ExtPreSharedKey, ParsePreSharedKeyClient, rebuildPSK, []string{
		"0007 0001 aa 00000001 0021 20 bb*32",
		"000f 0002 aabb ffffffff 0001 cc 00000000 0052 20 bb*32 30 cc*48",
	},
		bad{"0006 0000 00000001 0021 20 bb*32", "identities", 0},
		bad{"0007 0000 00000001 00 0021 20 bb*32", "identity", 2},
		bad{"0007 0001 aa 00000001 0020 1f bb*31", "binders", 9},
		bad{"0007 0001 aa 00000001 0021 1f bb*31 00", "PskBinderEntry", 11},
		bad{"0008 0001 aa 00000001 00 0021 20 bb*32", "identity", 9},
		bad{"0007 0001 aa 00000001", "binders", 9})
}

func TestPreSharedKeyClient(t *testing.T) { preSharedKeyClientCodec().test(t) }

func FuzzPreSharedKeyClient(f *testing.F) { preSharedKeyClientCodec().fuzz(f) }

func preSharedKeyServerCodec() codec[uint16] {
	return ofExtension(iana.ExtPreSharedKey, ParsePreSharedKeyServer, func(v uint16) []byte { return AppendPreSharedKeyServer(nil, v) }, []string{
		"0000",
		"ffff",
	},
		bad{"00", "selected_identity", 0},
		bad{"000000", "end", 2})
}

func TestPreSharedKeyServer(t *testing.T) { preSharedKeyServerCodec().test(t) }

func FuzzPreSharedKeyServer(f *testing.F) { preSharedKeyServerCodec().fuzz(f) }

func rebuildPSK(p PreSharedKeyClient) []byte {
	var identities, binders []byte
	ni, nb := p.Counts()
	for i := range ni {
		id, _ := p.Identity(i)
		identities = u32(vec(identities, 2, id.Identity), id.ObfuscatedAge)
	}
	for i := range nb {
		binder, _ := p.Binder(i)
		binders = vec(binders, 1, binder)
	}
	_, more := p.Identity(ni)
	_, moreBinders := p.Binder(nb)
	if more || moreBinders || p.BindersLen() != 2+len(binders) {
		return []byte("the counts are wrong")
	}
	return AppendExtension(nil, iana.ExtPreSharedKey, vec(vec(nil, 2, identities), 2, binders))
}

// What the binders do not cover is the end of the hello, with their length.
func TestBindersLen(t *testing.T) {
	b := AppendPreSharedKeyClient(nil, 1, func(int) (PSKIdentity, int) { return PSKIdentity{[]byte("ticket"), 7}, 48 })
	p, err := ParsePreSharedKeyClient(b[4:])
	if err != nil || p.BindersLen() != 2+1+48 {
		t.Fatalf("%d, %v", p.BindersLen(), err)
	}
	if id, ok := p.Identity(0); !ok || string(id.Identity) != "ticket" || id.ObfuscatedAge != 7 {
		t.Errorf("%v, %v", id, ok)
	}
	if rest := b[len(b)-p.BindersLen():]; rest[0] != 0 || rest[1] != 49 || rest[2] != 48 {
		t.Errorf("%x is not the list of binders", rest)
	}
	for _, i := range []int{-1, 1} {
		if _, ok := p.Identity(i); ok {
			t.Errorf("there is an identity %d", i)
		}
		if _, ok := p.Binder(i); ok {
			t.Errorf("there is a binder %d", i)
		}
	}
}

// A ClientHello has room for thousands of identities; what it costs to count
// them must not grow with their square.
func TestCountsOfManyIdentities(t *testing.T) {
	var ids, binders []byte
	for range 9000 {
		ids = append(ids, 0, 1, 'i', 0, 0, 0, 0)
	}
	for range 50 {
		binders = vec(binders, 1, make([]byte, 32))
	}
	p, err := ParsePreSharedKeyClient(vec(vec(nil, 2, ids), 2, binders))
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if i, b := p.Counts(); i != 9000 || b != 50 {
		t.Errorf("counted %d identities and %d binders, want 9000 and 50", i, b)
	}
	if d := time.Since(start); d > 100*time.Millisecond { // 0.2 ms; two seconds when each was looked up from the start
		t.Errorf("counting took %v", d)
	}
}
