package tlstest

import (
	"crypto/ecdh"
	"crypto/hpke"

	"github.com/handsel-tls/handsel/internal/protocol/ech"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// ECHKey is a key for Encrypted Client Hello with its configuration.
type ECHKey struct {
	Config  []byte // ECHConfig
	Private []byte
}

// NewECHKey makes a key, with X25519 and AES-128-GCM. change may change its
// configuration.
func NewECHKey(id uint8, public string, change ...func(*wire.ECHConfigContents)) ECHKey {
	private, err := hpke.DHKEM(ecdh.X25519()).GenerateKey()
	if err != nil {
		panic(err)
	}
	c := wire.ECHConfigContents{
		ConfigID: id, KEM: private.KEM().ID(), PublicKey: private.PublicKey().Bytes(),
		Suites:            wire.NewHPKESuites(wire.HPKESuite{KDF: hpke.HKDFSHA256().ID(), AEAD: hpke.AES128GCM().ID()}),
		MaximumNameLength: 32, PublicName: []byte(public),
	}
	for _, f := range change {
		f(&c)
	}
	b, err := private.Bytes()
	if err != nil {
		panic(err)
	}
	return ECHKey{wire.AppendECHConfig(nil, wire.ECHVersion, c.Append(nil)), b}
}

// ECHList gives the list of the keys' configurations, as a client takes it.
func ECHList(keys ...ECHKey) []byte {
	var list wire.ECHConfigs
	for _, k := range keys {
		list = append(list, k.Config...)
	}
	return list.AppendList(nil)
}

// ECHKeys gives the keys as a server takes them, all for the next try of
// clients.
func ECHKeys(keys ...ECHKey) *ech.Keys {
	all := &ech.Keys{}
	for _, k := range keys {
		key, err := ech.NewKey(k.Config, k.Private)
		if err != nil {
			panic(err)
		}
		all.Add(key, true)
	}
	return all
}
