package assemble

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	berrors "go.etcd.io/bbolt/errors"

	"github.com/handsel-tls/handsel/internal/serve/acme"
	"github.com/handsel-tls/handsel/internal/serve/certs"
	"github.com/handsel-tls/handsel/internal/serve/revocation"
	"github.com/handsel-tls/handsel/internal/serve/store"
)

const dbFile = "handsel.db"

// Data is the data folder of a server.
type Data struct {
	Dir    string
	Store  *certs.Store // nil: NoStore says why
	Parts  *store.Store // bindings, sites and settings that were added; nil likewise
	CA     *certs.CA
	ACME   *acme.Manager // nil: NoStore says why
	MadeCA bool          // the local CA was made just now

	Stapler    *revocation.Stapler // nil: NoStore says why
	Revocation *revocation.Checker // likewise

	NoStore string
	folders folders
	close   []func() error
}

// Open opens a data folder, and makes what is not there: the folder, the
// database (0600) and the local CA (key 0600).
func Open(dir string) (*Data, error) {
	d := &Data{Dir: dir}
	err := d.openStore()
	if err == nil {
		d.CA, d.MadeCA, err = certs.OpenCA(dir, certs.CAOptions{Store: d.Store})
	}
	if err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// OpenToCheck opens a data folder to check a configuration against it. It
// makes nothing there: the local CA is one that is forgotten afterwards, and the
// store is left out if there is none or a running server has it open.
func OpenToCheck(dir string) (*Data, error) {
	d := &Data{Dir: dir}
	err := d.openStoreToCheck()
	if err == nil {
		var temp string
		if temp, err = os.MkdirTemp("", "handsel-check-*"); err == nil {
			d.close = append(d.close, func() error { return os.RemoveAll(temp) })
			d.CA, _, err = certs.OpenCA(temp, certs.CAOptions{})
		}
	}
	if err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

func (d *Data) openStoreToCheck() error {
	if _, err := os.Stat(filepath.Join(d.Dir, dbFile)); errors.Is(err, fs.ErrNotExist) {
		d.NoStore = fmt.Sprintf("there is no certificate store in %s yet", d.Dir)
		return nil
	}
	err := d.openStore()
	if errors.Is(err, berrors.ErrTimeout) {
		d.NoStore = "a running server has the certificate store open"
		return nil
	}
	return err
}

func (d *Data) openStore() error {
	db, err := certs.OpenDB(filepath.Join(d.Dir, dbFile))
	if err != nil {
		return err
	}
	d.close = append(d.close, db.Close)
	seal, err := d.openSeal(certs.Sealed(db))
	if err != nil {
		return err
	}
	if d.Store, err = certs.NewStore(db, seal, certs.Options{Now: time.Now}); err == nil {
		d.Parts, err = store.New(db)
	}
	if err == nil {
		d.ACME, err = acme.New(d.Store)
	}
	if err == nil {
		err = d.openRevocation()
	}
	return err
}

// openRevocation opens what is kept of revoked certificates.
func (d *Data) openRevocation() error {
	responses, err := d.Store.Vault("ocsp")
	if err != nil {
		return err
	}
	lists, err := d.Store.Vault("crl")
	if err != nil {
		return err
	}
	d.Stapler, d.Revocation = revocation.NewStapler(responses, time.Now), revocation.NewChecker(lists, time.Now)
	return nil
}

// Staple gives a certificate with the OCSP response that goes with it.
func (d *Data) Staple(cert *tls.Certificate) *tls.Certificate {
	if d.Stapler == nil {
		return cert
	}
	return d.Stapler.Staple(cert)
}

// MasterFile is the file with the key that encrypts the private keys of the store.
const MasterFile = "master.key"

// passphraseFile is the variable that names the file with the passphrase of the
// master key: a passphrase itself in the environment would be seen by too many.
const passphraseFile = "HANDSEL_PASSPHRASE_FILE"

// openSeal reads the master key, or makes one.
func (d *Data) openSeal(sealed bool) (*certs.Seal, error) {
	passphrase, err := Passphrase()
	if err != nil {
		return nil, err
	}
	return certs.OpenSeal(filepath.Join(d.Dir, MasterFile), passphrase, sealed)
}

// Passphrase gives that of the master key, "" if none was named.
func Passphrase() (string, error) {
	file := os.Getenv(passphraseFile)
	if file == "" {
		return "", nil
	}
	return certs.ReadPassphrase(file)
}

// LocalCA begins the name of a certificate that the local CA issues, for the
// host names and addresses that follow, with commas between them.
const LocalCA = "local-ca:"

// IssuedByACME begins the name of a certificate that the authority of the acme
// settings issues, for the host name that follows.
const IssuedByACME = "acme:"

// Certificate gives the certificate that a binding of the store calls by a
// thumbprint, by LocalCA and names, or by IssuedByACME and a name; or that a central store has at a path.
func (d *Data) Certificate(name string) (*tls.Certificate, error) {
	if names, ok := strings.CutPrefix(name, LocalCA); ok {
		leaf, err := d.CA.Leaf(strings.Split(names, ",")...)
		if err != nil {
			return nil, err
		}
		return leaf.Certificate()
	}
	if filepath.IsAbs(name) {
		return d.folders.certificate(name)
	}
	if d.Store == nil {
		return nil, errors.New(d.NoStore)
	}
	if host, ok := strings.CutPrefix(name, IssuedByACME); ok {
		return d.ACME.Certificate(host)
	}
	return d.Store.Get(name)
}

// Close closes the database.
func (d *Data) Close() error {
	var errs []error
	for _, c := range d.close {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}
