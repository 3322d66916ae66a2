package schedule

import (
	"bytes"
	"encoding/hex"
	"testing"
)

// A vector is what was computed and what was published.
type vector struct {
	name string
	got  []byte
	want string
}

func check(t *testing.T, vectors []vector) {
	t.Helper()
	for _, v := range vectors {
		if hex.EncodeToString(v.got) != v.want {
			t.Errorf("%s is %x, want %s", v.name, v.got, v.want)
		}
	}
}

// keys gives the 16 bytes of the key and the IV of a traffic secret.
func keys(s Secret) []byte {
	key, iv := s.TrafficKeys(16)
	return append(key[:16:16], iv[:]...)
}

func bytesOf(s Secret) []byte { return s.Bytes() }

// RFC 8448, section 3: a simple 1-RTT handshake. The records of the same trace
// are in package record.
func TestRFC8448Full(t *testing.T) {
	early := NewEarly(SHA256, nil)
	hs := early.Handshake(unhex(t, "8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d"))
	hello := unhex(t, "860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8")
	client, server := hs.ClientTraffic(hello), hs.ServerTraffic(hello)
	master := hs.Master()
	fin := unhex(t, "9608102a0f1ccc6db6250b7b7e417b1a000eaada3daae4777a7686c9ff83df13")
	clientApp, serverApp := master.ClientTraffic(fin), master.ServerTraffic(fin)
	resumption := master.Resumption(unhex(t, "209145a96ee8e2a122ff810047cc952684658d6049e86429426db87c54ad143d"))
	check(t, []vector{
		{"early secret", early.s.Bytes(), "33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a"},
		{"handshake secret", hs.s.Bytes(), "1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac"},
		{"client handshake traffic", client.Bytes(), "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21"},
		{"server handshake traffic", server.Bytes(), "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38"},
		{"client handshake keys", keys(client), "dbfaa693d1762c5b666af5d950258d01" + "5bd3c71b836e0b76bb73265f"},
		{"server handshake keys", keys(server), "3fce516009c21727d0f2e4e86ee403bc" + "5d313eb2671276ee13000b30"},
		{"master secret", master.s.Bytes(), "18df06843d13a08bf2a449844c5f8a478001bc4d4c627984d5a41da8d0402919"},
		{"client application traffic", clientApp.Bytes(), "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5"},
		{"server application traffic", serverApp.Bytes(), "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643"},
		{"client application keys", keys(clientApp), "17422dda596ed5d9acd890e3c63f5051" + "5b78923dee08579033e523d9"},
		{"server application keys", keys(serverApp), "9f02283b6c9c07efc26bb9f2ac92e356" + "cf782b88dd83549aadf1e984"},
		{"exporter", bytesOf(master.Exporter(fin)), "fe22f881176eda18eb8f44529e6792c50c9a3f89452f68d8ae311b4309d3cf50"},
		{"resumption", resumption.Bytes(), "7df235f2031d2a051287d02b0241b0bfdaf86cc856231f2d5aba46c434ec196c"},
		{"pre-shared key", bytesOf(resumption.TicketPSK([]byte{0, 0})), "4ecd0eb6ec3b4d87f5d6028f922ca4c5851a277fd41311c9e62d2c9492e1c4f3"},
	})
}

// RFC 8448, section 4: a resumed 0-RTT handshake.
func TestRFC8448Resumed(t *testing.T) {
	early := NewEarly(SHA256, unhex(t, "4ecd0eb6ec3b4d87f5d6028f922ca4c5851a277fd41311c9e62d2c9492e1c4f3"))
	binder := early.BinderKey(ResumptionBinder)
	truncated := unhex(t, "63224b2e4573f2d3454ca84b9d009a04f6be9e05711a8396473aefa01e924a14")
	hello := unhex(t, "08ad0fa05d7c7233b1775ba2ff9f4c5b8b59276b7f227f13a976245f5d960913")
	traffic := early.ClientTraffic(hello)
	check(t, []vector{
		{"early secret", early.s.Bytes(), "9b2188e9b2fc6d64d71dc329900e20bb41915000f678aa839cbb797cb7d8332c"},
		{"binder key", binder.Bytes(), "69fe131a3bbad5d63c64eebcc30e395b9d8107726a13d074e389dbc8a4e47256"},
		{"binder", binder.FinishedMAC(nil, truncated), "3add4fb2d8fdf822a0ca3cf7678ef5e88dae990141c5924d57bb6fa31b9e5f9d"},
		{"client early traffic", traffic.Bytes(), "3fbbe6a60deb66c30a32795aba0eff7eaa10105586e7be5c09678d63b6caab62"},
		{"client early keys", keys(traffic), "920205a5b7bf2115e6fc5c2942834f54" + "6d475f0993c8e564610db2b9"},
		{"early exporter", bytesOf(early.Exporter(hello)), "b2026866610937d7423e5be90862ccf24c0e6091186d34f812089ff5be2ef7df"},
	})
}

// RFC 5869, appendix A, those with SHA-256.
func TestRFC5869(t *testing.T) {
	long := func(first, last int) (b []byte) {
		for i := first; i <= last; i++ {
			b = append(b, byte(i))
		}
		return b
	}
	same := bytes.Repeat([]byte{0x0b}, 22)
	for _, c := range []struct {
		name             string
		ikm, salt, info  []byte
		extracted, fills string
	}{
		{"A.1", same, long(0, 12), long(0xf0, 0xf9),
			"077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
			"3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
		{"A.2", long(0, 0x4f), long(0x60, 0xaf), long(0xb0, 0xff),
			"06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
			"b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
		{"A.3", same, nil, nil,
			"19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
			"8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
	} {
		s := extract(SHA256, c.salt, c.ikm)
		out := make([]byte, len(c.fills)/2)
		s.expand(out, c.info)
		check(t, []vector{{c.name + " extracted", s.Bytes(), c.extracted}, {c.name, out, c.fills}})
	}
}

// A handshake takes nothing from the heap, except what is exported.
func TestNoAllocations(t *testing.T) {
	for _, h := range []Hash{SHA256, SHA384} {
		th, mac := make([]byte, h.Size()), make([]byte, 0, h.Size())
		if n := testing.AllocsPerRun(10, func() { handshake(h, th, mac) }); n != 0 {
			t.Errorf("%v: a handshake takes %v allocations", h, n)
		}
		s := NewSecret(h, th)
		if n := testing.AllocsPerRun(10, func() { s.Export("label", th, 32) }); n > 1 {
			t.Errorf("%v: an export takes %v allocations", h, n)
		}
	}
}
