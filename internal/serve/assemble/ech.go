package assemble

import (
	"fmt"

	"github.com/handsel-tls/handsel/internal/serve/echkeys"
)

// addECH reads the keys for Encrypted Client Hello. Clients are given the first
// file's configurations; the others open what was encrypted with older ones.
func (p *Plan) addECH() {
	for i, name := range p.file.ECH {
		f, open, err := echkeys.Read(p.file.Abs(name))
		if err != nil {
			p.wrong(fmt.Sprintf("$.ech[%d]", i), err)
			continue
		}
		if open {
			p.notice("%s: others on this computer can read the private key in it: chmod 600", name)
		}
		p.Setup.ECH = append(p.Setup.ECH, f.Keys(i == 0)...)
		for _, public := range f.PublicNames() {
			p.checkPublicName(public)
		}
	}
}

// checkPublicName says so if clients whose configuration is out of date cannot
// be given another: they have to be able to verify the server for the public
// name.
func (p *Plan) checkPublicName(name string) {
	if p.Setup.Table == nil {
		return // which was said
	}
	for _, addr := range p.Setup.HTTPS {
		if found := p.Setup.Table.Lookup(addr, name); found.Binding == nil || found.Binding.Settings.Reject {
			p.notice("ech: nothing is bound to the public name %s on %v: a client whose configuration is out of date cannot be given another", name, addr)
		}
	}
}
