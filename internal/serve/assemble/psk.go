package assemble

import "github.com/handsel-tls/handsel/internal/serve/psks"

// addPSKs reads a file of pre-shared keys.
func (p *Plan) addPSKs(at, name string) {
	if name == "" || p.Setup.PSKs[name] != nil {
		return
	}
	keys, err := psks.Read(p.file.Abs(name))
	if err != nil {
		p.wrong(at+".psk_file", err)
		return
	}
	p.Setup.PSKs[name] = keys
}
