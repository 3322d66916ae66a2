package bench

import (
	stdtls "crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/serve/assemble"
	"github.com/handsel-tls/handsel/internal/serve/certs"
	"github.com/handsel-tls/handsel/internal/serve/config"
	"github.com/handsel-tls/handsel/internal/serve/store"
)

var manyCounts = flag.String("many-counts", "1000,10000", "how many bindings BenchmarkMany gives each server, one after the other")

// stored is this project's program with bindings and certificates in its store,
// where handsel bind and handsel cert put them.
var stored = daemon{"handsel, store", "handsel", configureStore}

func configureStore(s *served) ([]string, error) {
	folder := filepath.Join(s.folder, "data")
	data, err := assemble.Open(folder)
	if err != nil {
		return nil, err
	}
	defer data.Close()
	var pairs []certs.From
	change := store.Change{PutSites: []config.Site{{Name: "one", Folder: s.root}},
		Settings: &store.Settings{Listen: config.Listen{HTTPS: []string{"127.0.0.1:" + strconv.Itoa(s.port)}}}}
	for i, name := range s.names {
		pair, err := readPair(s.files[i])
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, certs.From{Pair: pair, From: s.files[i]})
		change.Put = append(change.Put, config.Binding{
			On: name + ":" + strconv.Itoa(s.port), Certificates: []string{string(certs.ThumbprintOf(pair.Leaf()))}, Site: "one",
		})
	}
	if _, err := data.Store.AddAll(pairs); err != nil {
		return nil, err
	}
	return []string{"serve", "--data", folder, "--web-listen", "127.0.0.1:0"}, data.Parts.Update(change, nil)
}

func readPair(file string) (*certs.Pair, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	p := &certs.Pair{}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, err
			}
			p.Chain = append(p.Chain, c)
			continue
		}
		if p.Key, err = sign.ParsePrivateKey(block.Bytes); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// BenchmarkMany has each server start with very many names, a certificate for each,
// and prints when it took connections and what memory it held.
func BenchmarkMany(b *testing.B) {
	for range b.N {
		var text strings.Builder
		fmt.Fprintf(&text, "%s\n\n%10s  %-16s %10s %10s %12s %14s\n", machine(), "bindings", "", "seconds", "CPU s", "MB", "KB a binding")
		for field := range strings.SplitSeq(*manyCounts, ",") {
			n, err := strconv.Atoi(field)
			if err == nil {
				err = startAll(&text, b.TempDir(), n)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
		fmt.Printf("\n%s\n", text.String())
		if *update {
			if err := os.WriteFile("many.txt", []byte(text.String()), 0o644); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// startAll starts each daemon with n names, and writes the lines of the table.
func startAll(text *strings.Builder, folder string, n int) error {
	s := served{folder: folder}
	names := []string{host}
	for i := 1; i < n; i++ {
		names = append(names, fmt.Sprintf("site%d.customers.example", i))
	}
	if err := s.writeCertificates(names); err != nil {
		return err
	}
	for _, d := range slices.Insert(slices.Clone(daemons), 1, stored) {
		path, err := d.path(folder)
		if err != nil {
			return err
		}
		if path == "" {
			fmt.Fprintf(text, "%10d  %-16s is left out: it is not installed\n", n, d.name)
			continue
		}
		if err := startOne(text, d, path, s); err != nil {
			why, _, _ := strings.Cut(err.Error(), "\n") // what it has said itself is long
			fmt.Fprintf(text, "%10d  %-16s %s\n", n, d.name, why)
		}
	}
	return nil
}

func startOne(text *strings.Builder, d daemon, path string, s served) error {
	p, err := d.start(path, s, 0)
	if err != nil {
		return err
	}
	defer p.stop()
	cpu, err := p.cpu()
	if err != nil {
		return err
	}
	for _, name := range []string{s.names[0], s.names[len(s.names)/2], s.names[len(s.names)-1]} {
		c, err := stdtls.Dial("tcp", p.addr, &stdtls.Config{ServerName: name, RootCAs: roots()})
		if err != nil {
			return fmt.Errorf("%s: %w: %s", name, err, p.said)
		}
		shown := c.ConnectionState().PeerCertificates[0].DNSNames
		c.Close()
		if !slices.Equal(shown, []string{name}) {
			return errors.New(name + " is shown the certificate of " + strings.Join(shown, ", "))
		}
	}
	time.Sleep(time.Second)
	memory, err := p.memory()
	if err != nil {
		return err
	}
	fmt.Fprintf(text, "%10d  %-16s %10.2f %10.2f %12.1f %14.2f\n", len(s.names), d.name, p.started.Seconds(), cpu.Seconds(),
		float64(memory)/1e6, float64(memory)/float64(len(s.names))/1024)
	return nil
}
