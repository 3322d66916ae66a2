package hello

import (
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/psk"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// AppendPSK appends pre_shared_key, if there are keys, with room for the
// binders, which FillBinders fills. RFC 9846, section 4.3.11.
func AppendPSK(b []byte, keys []psk.Key) []byte {
	if len(keys) == 0 {
		return b
	}
	return wire.AppendPreSharedKeyClient(b, len(keys), func(i int) (wire.PSKIdentity, int) {
		k := &keys[i]
		return wire.PSKIdentity{Identity: k.Identity, ObfuscatedAge: k.Age}, k.Hash.Size()
	})
}

// pskLen is the length of the extension with the keys, in bytes.
func pskLen(keys []psk.Key) int {
	if len(keys) == 0 {
		return 0
	}
	n := 4 + 2 + bindersLen(keys)
	for i := range keys {
		n += 2 + len(keys[i].Identity) + 4
	}
	return n
}

// bindersLen is the length of the list of their binders, in bytes.
func bindersLen(keys []psk.Key) int {
	n := 2
	for i := range keys {
		n += 1 + keys[i].Hash.Size()
	}
	return n
}

// fillBinders fills in the binders, if there are any. RFC 9846, section
// 4.3.11.2.
func (c *Client) fillBinders(hello []byte) {
	if c.Asked.Has(iana.ExtPreSharedKey) {
		var buf [1]psk.Key
		FillBinders(hello, nil, c.Config.AppendOffers(buf[:0], c.Now))
	}
}

// FillBinders computes the binders at the end of a ClientHello. sum gives the
// transcript's hash with the truncated ClientHello added, nil if that is all of
// the transcript.
func FillBinders(hello []byte, sum func(truncated []byte) []byte, keys []psk.Key) {
	at := len(hello) - bindersLen(keys)
	truncated := hello[:at]
	at += 2
	for i := range keys {
		k := &keys[i]
		var hash [48]byte
		var th []byte
		if sum == nil {
			th = k.Hash.Sum(hash[:0], truncated)
		} else {
			th = sum(truncated)
		}
		key := schedule.NewEarly(k.Hash, k.Secret).BinderKey(k.Binder)
		at++
		key.FinishedMAC(hello[at:at], th)
		at += k.Hash.Size()
	}
}
