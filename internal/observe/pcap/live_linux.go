package pcap

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

const (
	blockSize    = 256 << 10
	blockTimeout = 20 // milliseconds after which the kernel hands over a block that is not full
	vlanTag      = 4  // bytes that the kernel leaves free for one before each packet
	frameAlign   = 2048
)

// Offsets in a block and in a packet of it (struct tpacket_block_desc,
// tpacket3_hdr and sockaddr_ll in linux/if_packet.h).
const (
	atStatus, atCount, atFirst                = 8, 12, 16
	atNext, atSec, atNsec, atSnaplen, atLen   = 0, 4, 8, 12, 16
	atFlags, atMAC, atTCI, atTPID, atAddress  = 20, 24, 32, 36, 48
	addressProtocol, addressHatype, addressTo = 2, 8, 10
)

// A Live is a live capture from an interface: a ring in memory shared with the
// kernel (packet(7), PACKET_RX_RING with TPACKET_V3). It is a Source for one
// goroutine; others may call Stop.
type Live struct {
	fd     int
	wake   int // an eventfd that Stop writes to
	ring   []byte
	link   Link
	any    bool
	loop   bool // the interface is a loopback
	number int
	stats  LiveStats

	stopped atomic.Bool
	rest    int // blocks that are still read then

	block int // that is read, or waited for
	left  int // packets in it; 0: it is the kernel's
	at    int // of the next one in ring
}

// Listen begins a live capture. The error says what is missing: the interface,
// or the right to do so.
func Listen(name string, o LiveOptions) (*Live, error) {
	l := &Live{fd: -1, wake: -1, any: name == Any, link: LinkRaw}
	index := 0
	if !l.any {
		i, err := net.InterfaceByName(name)
		if err != nil {
			return nil, noInterface(name)
		}
		index, l.loop = i.Index, i.Flags&net.FlagLoopback != 0
	}
	if err := l.open(index, o); err != nil {
		l.free()
		if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
			return nil, fmt.Errorf("capturing from %s: %w: it takes root, or the capability CAP_NET_RAW (setcap cap_net_raw+ep on the program)", name, err)
		}
		return nil, fmt.Errorf("capturing from %s: %w", name, err)
	}
	return l, nil
}

func noInterface(name string) error {
	all, err := net.Interfaces()
	if err != nil {
		return fmt.Errorf("there is no interface %q", name)
	}
	names := []string{Any}
	for _, i := range all {
		names = append(names, i.Name)
	}
	return fmt.Errorf("there is no interface %q: there are %s", name, strings.Join(names, ", "))
}

func (l *Live) open(index int, o LiveOptions) (err error) {
	kind := unix.SOCK_RAW
	if l.any {
		kind = unix.SOCK_DGRAM // without link layers, which may differ
	}
	// With protocol 0 nothing comes before the filter is there.
	if l.fd, err = unix.Socket(unix.AF_PACKET, kind|unix.SOCK_CLOEXEC, 0); err != nil {
		return err
	}
	if l.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC); err != nil {
		return err
	}
	if !l.any {
		if l.link, err = l.linkOf(index); err != nil {
			return err
		}
	}
	if o.Filter != nil {
		if err := l.filter(o.Filter); err != nil {
			return err
		}
	}
	if err := unix.SetsockoptInt(l.fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return err
	}
	if err := unix.SetsockoptInt(l.fd, unix.SOL_PACKET, unix.PACKET_RESERVE, vlanTag); err != nil {
		return err
	}
	blocks := o.Blocks
	if blocks == 0 {
		blocks = 128
	}
	l.rest = 2 * blocks
	request := &unix.TpacketReq3{
		Block_size: blockSize, Block_nr: uint32(blocks), Frame_size: frameAlign,
		Frame_nr: uint32(blocks * (blockSize / frameAlign)), Retire_blk_tov: blockTimeout,
	}
	if err := unix.SetsockoptTpacketReq3(l.fd, unix.SOL_PACKET, unix.PACKET_RX_RING, request); err != nil {
		return err
	}
	if l.ring, err = unix.Mmap(l.fd, 0, blocks*blockSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
		return err
	}
	if o.Promiscuous && !l.any {
		m := &unix.PacketMreq{Ifindex: int32(index), Type: unix.PACKET_MR_PROMISC}
		if err := unix.SetsockoptPacketMreq(l.fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, m); err != nil {
			return err
		}
	}
	return unix.Bind(l.fd, &unix.SockaddrLinklayer{Protocol: everyProtocol(), Ifindex: index})
}

// everyProtocol gives ETH_P_ALL in network byte order.
func everyProtocol() uint16 {
	return binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, unix.ETH_P_ALL))
}

// linkOf asks for the hardware type of the interface, which comes with the
// address of a bound socket.
func (l *Live) linkOf(index int) (Link, error) {
	if err := unix.Bind(l.fd, &unix.SockaddrLinklayer{Ifindex: index}); err != nil {
		return 0, err
	}
	a, err := unix.Getsockname(l.fd)
	if err != nil {
		return 0, err
	}
	ll, ok := a.(*unix.SockaddrLinklayer)
	if !ok {
		return 0, fmt.Errorf("its address is of type %T", a)
	}
	switch ll.Hatype {
	case unix.ARPHRD_ETHER, unix.ARPHRD_LOOPBACK:
		return LinkEthernet, nil
	case unix.ARPHRD_NONE, unix.ARPHRD_RAWIP, unix.ARPHRD_TUNNEL, unix.ARPHRD_TUNNEL6, unix.ARPHRD_PPP, unix.ARPHRD_SIT:
		return LinkRaw, nil
	}
	return 0, fmt.Errorf("hardware of type %d is not known: capture from %q", ll.Hatype, Any)
}

func (l *Live) filter(f *Filter) error {
	raw, err := f.Compile(l.link)
	if err != nil {
		return err
	}
	return attach(l.fd, raw)
}

func attach(fd int, raw []bpf.RawInstruction) error {
	code := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		code[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]})
}

// status gives that of a block: bit 0 is set while the block is ours.
func (l *Live) status(block int) *uint32 {
	return (*uint32)(unsafe.Pointer(&l.ring[block*blockSize+atStatus]))
}

func (l *Live) u32(at int) uint32 { return binary.NativeEndian.Uint32(l.ring[at:]) }
func (l *Live) u16(at int) uint16 { return binary.NativeEndian.Uint16(l.ring[at:]) }

// Next gives the next packet, and waits for it.
func (l *Live) Next(p *Packet) error {
	for {
		for l.left > 0 {
			at := l.at
			l.left--
			l.at += int(l.u32(at + atNext))
			if l.take(p, at) {
				return nil
			}
		}
		if err := l.advance(); err != nil {
			return err
		}
	}
}

// Waiting reports whether Next has a packet without waiting.
func (l *Live) Waiting() bool { return l.left > 0 }

// advance gives the block back that was read, and waits for the next one.
func (l *Live) advance() error {
	if l.at > 0 {
		atomic.StoreUint32(l.status(l.block), unix.TP_STATUS_KERNEL)
		l.block = (l.block + 1) % (len(l.ring) / blockSize)
		l.at = 0
	}
	if err := l.wait(); err != nil {
		return err
	}
	base := l.block * blockSize
	l.left = int(l.u32(base + atCount))
	l.at = base + int(l.u32(base+atFirst))
	return nil
}

// wait waits until the next block is ours. Once the capture was stopped it waits
// only as long as the kernel may still hold packets back.
func (l *Live) wait() error {
	for last := false; ; {
		stopped := l.stopped.Load()
		if stopped {
			if l.rest--; l.rest < 0 || last {
				return io.EOF
			}
		}
		if atomic.LoadUint32(l.status(l.block))&unix.TP_STATUS_USER != 0 {
			return nil
		}
		fds := []unix.PollFd{{Fd: int32(l.fd), Events: unix.POLLIN | unix.POLLERR}, {Fd: int32(l.wake), Events: unix.POLLIN}}
		timeout := -1
		if stopped {
			fds, timeout, last = fds[:1], 2*blockTimeout, true
		}
		n, err := unix.Poll(fds, timeout)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
		last = last && n == 0
		if fds[0].Revents&unix.POLLERR != 0 {
			if code, err := unix.GetsockoptInt(l.fd, unix.SOL_SOCKET, unix.SO_ERROR); err == nil && code != 0 {
				return fmt.Errorf("the interface: %w", unix.Errno(code))
			}
		}
	}
}

// take makes a packet of what stands in the ring, unless it is passed over: on a
// loopback each packet is there when it is sent and when it arrives.
func (l *Live) take(p *Packet, at int) bool {
	address := at + atAddress
	if l.ring[address+addressTo] == unix.PACKET_OUTGOING && (l.loop || l.u16(address+addressHatype) == unix.ARPHRD_LOOPBACK) {
		return false
	}
	if l.any {
		switch t := binary.BigEndian.Uint16(l.ring[address+addressProtocol:]); t {
		case unix.ETH_P_IP, unix.ETH_P_IPV6:
		default:
			return false
		}
	}
	from := at + int(l.u16(at+atMAC))
	if l.any {
		from = at + int(l.u16(at+atMAC+2)) // where the header of IP is
	}
	n, length := int(l.u32(at+atSnaplen)), int(l.u32(at+atLen))
	if l.u32(at+atFlags)&unix.TP_STATUS_VLAN_VALID != 0 && l.link == LinkEthernet && n >= 12 {
		l.tag(at, from)
		from, n, length = from-vlanTag, n+vlanTag, length+vlanTag
	}
	l.number++
	*p = Packet{
		Number: l.number, Time: int64(l.u32(at+atSec))*1e9 + int64(l.u32(at+atNsec)),
		Link: l.link, Length: length, Data: l.ring[from : from+n : from+n],
	}
	return true
}

// tag puts the tag of a VLAN back, which the kernel has taken out: the addresses
// move into the room before the packet.
func (l *Live) tag(at, from int) {
	copy(l.ring[from-vlanTag:], l.ring[from:from+12])
	kind := uint16(unix.ETH_P_8021Q)
	if l.u32(at+atFlags)&unix.TP_STATUS_VLAN_TPID_VALID != 0 {
		kind = l.u16(at + atTPID)
	}
	binary.BigEndian.PutUint16(l.ring[from+8:], kind)
	binary.BigEndian.PutUint16(l.ring[from+10:], uint16(l.u32(at+atTCI)))
}

// Secrets gives nothing.
func (l *Live) Secrets() []byte { return nil }

// Stats gives how many packets there were, and were dropped, so far. It belongs
// to the goroutine that calls Next.
func (l *Live) Stats() (LiveStats, error) {
	s, err := unix.GetsockoptTpacketStatsV3(l.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil {
		return l.stats, err
	}
	l.stats.Received += int(s.Packets) // the kernel begins at 0 each time
	l.stats.Dropped += int(s.Drops)
	return l.stats, nil
}

// Stop ends the capture: Next gives what was captured before, and then io.EOF.
func (l *Live) Stop() {
	if l.stopped.Swap(true) {
		return
	}
	_, _ = unix.Write(l.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0}) // if it fails, Next goes on with the next packet
}

// Close gives everything back. It is called where Next was called, and not while
// others may call Stop.
func (l *Live) Close() error {
	l.free()
	return nil
}

// free gives everything back.
func (l *Live) free() {
	if l.ring != nil {
		_ = unix.Munmap(l.ring)
		l.ring = nil
	}
	for _, fd := range []int{l.fd, l.wake} {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
	l.fd, l.wake = -1, -1
}
