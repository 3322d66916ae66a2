package pcap

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"golang.org/x/net/bpf"
)

// Compile gives the program of the kernel's packet filter for packets of a link
// layer: Ethernet or bare IP. It looks at the packet as the kernel has it: a tag
// of a VLAN is not in it, and neither tunnels nor extension headers of IPv6 are
// looked into.
func (f *Filter) Compile(link Link) ([]bpf.RawInstruction, error) {
	all, err := f.instructions(link)
	if err != nil {
		return nil, err
	}
	return bpf.Assemble(all)
}

// A label is a place in a program, once it is set.
type label struct{ at int }

// A program is instructions, with labels in place of distances.
type program struct {
	code  []bpf.Instruction
	jumps map[int]*label // where bpf.Jump instructions lead to
	ip    uint32         // offset of the header of IP
	link  Link
}

const (
	whole    = 1 << 18 // bytes of a packet that are captured
	maxJumps = 4096    // instructions of a program in the kernel
)

func (f *Filter) instructions(link Link) ([]bpf.Instruction, error) {
	p := &program{jumps: map[int]*label{}, link: link}
	switch link {
	case LinkEthernet:
		p.ip = 14
	case LinkRaw:
	default:
		return nil, fmt.Errorf("there are no filters for link type %d", link)
	}
	yes, no := &label{}, &label{}
	if f.root != nil {
		p.node(f.root, yes, no)
	}
	p.set(yes)
	p.code = append(p.code, bpf.RetConstant{Val: whole})
	p.set(no)
	p.code = append(p.code, bpf.RetConstant{Val: 0})
	for at, to := range p.jumps {
		p.code[at] = bpf.Jump{Skip: uint32(to.at - at - 1)}
	}
	if len(p.code) > maxJumps {
		return nil, fmt.Errorf("the filter %q is too long", f.text)
	}
	return p.code, nil
}

func (p *program) set(l *label) { l.at = len(p.code) }

func (p *program) jump(to *label) {
	p.jumps[len(p.code)] = to
	p.code = append(p.code, bpf.Jump{})
}

// unless jumps if what was loaded does not meet the condition.
func (p *program) unless(cond bpf.JumpTest, value uint32, to *label) {
	p.code = append(p.code, bpf.JumpIf{Cond: cond, Val: value, SkipTrue: 1})
	p.jump(to)
}

func (p *program) load(offset uint32, size int) {
	p.code = append(p.code, bpf.LoadAbsolute{Off: offset, Size: size})
}

// node appends the code of a condition, which goes on at yes or at no.
func (p *program) node(n node, yes, no *label) {
	switch n := n.(type) {
	case both:
		next := &label{}
		p.node(n.a, next, no)
		p.set(next)
		p.node(n.b, yes, no)
	case either:
		next := &label{}
		p.node(n.a, yes, next)
		p.set(next)
		p.node(n.b, yes, no)
	case negated:
		p.node(n.a, no, yes)
	case version:
		p.version(n.n, no)
		p.jump(yes)
	case proto:
		six := &label{}
		p.version(4, six)
		p.load(p.ip+9, 1)
		p.unless(bpf.JumpEqual, uint32(n.n), no)
		p.jump(yes)
		p.set(six)
		p.version(6, no)
		p.load(p.ip+6, 1)
		p.unless(bpf.JumpEqual, uint32(n.n), no)
		p.jump(yes)
	case address:
		p.address(n, yes, no)
	case ports:
		p.ports(n, yes, no)
	}
}

// version goes on if the packet is of that version of IP.
func (p *program) version(n int, no *label) {
	if p.link == LinkEthernet {
		p.load(12, 2)
		p.unless(bpf.JumpEqual, map[int]uint32{4: 0x0800, 6: 0x86dd}[n], no)
		return
	}
	p.load(0, 1)
	p.code = append(p.code, bpf.ALUOpConstant{Op: bpf.ALUOpShiftRight, Val: 4})
	p.unless(bpf.JumpEqual, uint32(n), no)
}

func (p *program) address(n address, yes, no *label) {
	first, length, v := p.ip+12, uint32(4), 4
	if n.net.Addr().Is6() {
		first, length, v = p.ip+8, 16, 6
	}
	p.version(v, no)
	if n.side != destination {
		miss := no
		if n.side == anySide {
			miss = &label{}
		}
		p.prefix(n.net, first, miss)
		p.jump(yes)
		p.set(miss)
		if n.side == source {
			return
		}
	}
	p.prefix(n.net, first+length, no)
	p.jump(yes)
}

// prefix goes on if the address at the offset is of the network.
func (p *program) prefix(n netip.Prefix, offset uint32, no *label) {
	b := n.Addr().AsSlice()
	for bits := n.Bits(); bits > 0; bits -= 32 {
		p.load(offset, 4)
		want := binary.BigEndian.Uint32(b)
		if bits < 32 {
			mask := ^uint32(0) << (32 - bits)
			p.code = append(p.code, bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: mask})
			want &= mask
		}
		p.unless(bpf.JumpEqual, want, no)
		b, offset = b[4:], offset+4
	}
}

// ports looks at the ports behind either header of IP. Fragments but the first
// have none.
func (p *program) ports(n ports, yes, no *label) {
	six := &label{}
	p.version(4, six)
	p.carries(n.proto, p.ip+9, no)
	p.load(p.ip+6, 2)
	p.unless(bpf.JumpBitsNotSet, 0x1fff, no)
	p.code = append(p.code, bpf.LoadMemShift{Off: p.ip})
	p.portsAt(n, func(o uint32) bpf.Instruction { return bpf.LoadIndirect{Off: p.ip + o, Size: 2} }, yes, no)
	p.set(six)
	p.version(6, no)
	p.carries(n.proto, p.ip+6, no)
	p.portsAt(n, func(o uint32) bpf.Instruction { return bpf.LoadAbsolute{Off: p.ip + 40 + o, Size: 2} }, yes, no)
}

// carries goes on if the protocol at the offset is the one, or any with ports.
func (p *program) carries(one byte, offset uint32, no *label) {
	p.load(offset, 1)
	if one != 0 {
		p.unless(bpf.JumpEqual, uint32(one), no)
		return
	}
	found := &label{}
	for _, n := range []uint32{protoTCP, protoUDP} {
		next := &label{}
		p.unless(bpf.JumpEqual, n, next)
		p.jump(found)
		p.set(next)
	}
	p.unless(bpf.JumpEqual, protoSCTP, no)
	p.set(found)
}

func (p *program) portsAt(n ports, load func(offset uint32) bpf.Instruction, yes, no *label) {
	within := func(offset uint32, no *label) {
		p.code = append(p.code, load(offset))
		if n.from == n.to {
			p.unless(bpf.JumpEqual, uint32(n.from), no)
		} else {
			p.unless(bpf.JumpGreaterOrEqual, uint32(n.from), no)
			p.unless(bpf.JumpLessOrEqual, uint32(n.to), no)
		}
		p.jump(yes)
	}
	switch n.side {
	case source:
		within(0, no)
	case destination:
		within(2, no)
	default:
		other := &label{}
		within(0, other)
		p.set(other)
		within(2, no)
	}
}
