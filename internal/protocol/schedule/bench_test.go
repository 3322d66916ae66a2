package schedule

import (
	"crypto/hmac"
	"testing"
)

func BenchmarkMAC(b *testing.B) {
	key, message := make([]byte, 32), make([]byte, 54)
	for _, h := range []Hash{SHA256, SHA384} {
		b.Run(h.String(), func(b *testing.B) {
			b.ReportAllocs()
			var out [maxHash]byte
			for b.Loop() {
				h.MAC(&out, key, message)
			}
		})
		b.Run(h.String()+" of crypto/hmac", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m := hmac.New(h.New, key)
				m.Write(message)
				m.Sum(nil)
			}
		})
	}
}

// BenchmarkHandshake is all that the schedule does in a full handshake, for one
// side: seven secrets, four pairs of keys, two Finished.
func BenchmarkHandshake(b *testing.B) {
	for _, h := range []Hash{SHA256, SHA384} {
		b.Run(h.String(), func(b *testing.B) {
			b.ReportAllocs()
			var th, mac [maxHash]byte
			for b.Loop() {
				handshake(h, th[:h.Size()], mac[:0])
			}
		})
	}
}

func handshake(h Hash, th, mac []byte) {
	hs := NewEarly(h, nil).Handshake(th)
	client, server := hs.ClientTraffic(th), hs.ServerTraffic(th)
	client.TrafficKeys(16)
	server.TrafficKeys(16)
	client.FinishedMAC(mac, th)
	server.FinishedMAC(mac, th)
	master := hs.Master()
	client, server = master.ClientTraffic(th), master.ServerTraffic(th)
	client.TrafficKeys(16)
	server.TrafficKeys(16)
	master.Exporter(th)
	resumption := master.Resumption(th)
	resumption.TicketPSK(th[:8])
}
