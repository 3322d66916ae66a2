package schedule

import "testing"

// RFC 8448, section 4, goes on after the early secrets: the handshake secret is
// of the pre-shared key and the key exchange together.
func TestRFC8448ResumedHandshake(t *testing.T) {
	early := NewEarly(SHA256, unhex(t, "4ecd0eb6ec3b4d87f5d6028f922ca4c5851a277fd41311c9e62d2c9492e1c4f3"))
	hs := early.Handshake(unhex(t, "f44194756ff9ec9d25180635d66ea6824c6ab3bf179977be37f723570e7ccb2e"))
	hello := unhex(t, "f736cb34fe25e701551bee6fd24c1cc7102a7daf9405cb15d97aafe16f757d03")
	client, server := hs.ClientTraffic(hello), hs.ServerTraffic(hello)
	master := hs.Master()
	fin := unhex(t, "b0aeffc46a2cfe33114e6fd7d51f9f04b1ca3c497dab08934a774a9d9ad7dbf3")
	clientApp, serverApp := master.ClientTraffic(fin), master.ServerTraffic(fin)
	end := unhex(t, "c3c122e0bd907a4a3ff6112d8fd53dbf89c773d9552e8b6b9d56d361b3a97bf6")
	check(t, []vector{
		{"client handshake traffic", client.Bytes(), "2faac08f851d35fea3604fcb4de82dc62c9b164a70974d0462e27f1ab278700f"},
		{"server handshake traffic", server.Bytes(), "fe927ae271312e8bf0275b581c54eef020450dc4ecffaa05a1a35d27518e7803"},
		{"client handshake keys", keys(client), "b1530806f4adfeac83f1413032bbfa82" + "eb50c16be7654abf99dd06d9"},
		{"server handshake keys", keys(server), "27c6bdc0a3dcea39a47326d79bc9e4ee" + "9569ecdd4d0536705e9ef725"},
		{"client application traffic", clientApp.Bytes(), "2abbf2b8e381d23dbebe1dd2a7d16a8bf484cb4950d23fb7fb7fa8547062d9a1"},
		{"server application traffic", serverApp.Bytes(), "cc21f1bf8feb7dd5fa505bd9c4b468a9984d554a993dc49e6d285598fb672691"},
		{"client application keys", keys(clientApp), "3cf122f301c6358ca7989553250efd72" + "ab1aec26aa78b8fc1176b9ac"},
		{"server application keys", keys(serverApp), "e857c690a34c5a9129d833619684f95e" + "0685d6b561aab9ef1013faf9"},
		{"exporter", bytesOf(master.Exporter(fin)), "3fd93d4ffddc98e64b14dd107aedf8ee4add23f4510f58a4592d0b201bee56b4"},
		{"resumption", bytesOf(master.Resumption(end)), "5e95bdf1f89005ea2e9aa0ba85e728e3c19c5fe0c699e3f5bee59faebd0b5406"},
	})
}
