/**
 * Tables in force in a redirected pod, as `nft list ruleset` prints them without
 * counts: those of Istio's native nftables mode.
 */

const nat = (inbound: string, dns: string) =>
  `table inet istio-ambient-nat {
	chain istio-prerouting {${inbound}
	}
	chain istio-output {
		meta l4proto tcp ip daddr 169.254.7.127 counter accept
		meta l4proto tcp ip6 daddr fd16:9254:7127:1337:ffff:ffff:ffff:ffff counter accept${dns}
		meta l4proto tcp meta mark & 0x00000fff == 0x00000111 counter accept
		oifname "lo" ip daddr != 127.0.0.1 counter accept
		oifname "lo" ip6 daddr != ::1 counter accept
		meta l4proto tcp ip daddr != 127.0.0.1 meta mark & 0x00000fff != 0x00000539 counter redirect to :15001
		meta l4proto tcp ip6 daddr != ::1 meta mark & 0x00000fff != 0x00000539 counter redirect to :15001
	}
	chain prerouting {
		type nat hook prerouting priority dstnat; policy accept;
		counter jump istio-prerouting
	}
	chain output {
		type nat hook output priority -100; policy accept;
		counter jump istio-output
	}
}
`;

const INBOUND = `
		meta l4proto tcp ip saddr 169.254.7.127 counter accept
		meta l4proto tcp ip6 saddr fd16:9254:7127:1337:ffff:ffff:ffff:ffff counter accept
		ip daddr != 127.0.0.1 tcp dport != 15008 meta mark & 0x00000fff != 0x00000539 counter redirect to :15006
		ip6 daddr != ::1 tcp dport != 15008 meta mark & 0x00000fff != 0x00000539 counter redirect to :15006`;

const DNS = `
		oifname != "lo" meta mark & 0x00000fff != 0x00000539 udp dport 53 counter redirect to :15053
		ip daddr != 127.0.0.1 tcp dport 53 meta mark & 0x00000fff != 0x00000539 counter redirect to :15053
		ip6 daddr != ::1 tcp dport 53 meta mark & 0x00000fff != 0x00000539 counter redirect to :15053`;

const MANGLE = `table inet istio-ambient-mangle {
	chain istio-prerouting {
		meta mark & 0x00000fff == 0x00000539 counter ct mark set ct mark & 0xfffff111 | 0x00000111
	}
	chain istio-output {
		ct mark & 0x00000fff == 0x00000111 counter meta mark set ct mark
	}
	chain prerouting {
		type filter hook prerouting priority mangle; policy accept;
		counter jump istio-prerouting
	}
	chain output {
		type route hook output priority mangle; policy accept;
		counter jump istio-output
	}
}
`;

const RAW = `table inet istio-ambient-raw {
	chain istio-prerouting {
		udp sport 53 meta mark & 0x00000fff != 0x00000539 counter ct zone set 1
	}
	chain istio-output {
		udp dport 53 meta mark & 0x00000fff == 0x00000539 counter ct zone set 1
	}
	chain prerouting {
		type filter hook prerouting priority raw; policy accept;
		counter jump istio-prerouting
	}
	chain output {
		type filter hook output priority raw; policy accept;
		counter jump istio-output
	}
}
`;

/** What a plan of the default options comes to. */
export const NFT_TARGET = nat(INBOUND, "") + MANGLE;

/** The same with DNS capture. */
export const NFT_TARGET_WITH_DNS = nat(INBOUND, DNS) + MANGLE + RAW;

/** For an ingress gateway with a virtual interface. */
export const NFT_TARGET_OF_INGRESS = nat(
  `
		iifname "vnet*" meta l4proto tcp counter redirect to :15001
		iifname "vnet*" meta l4proto tcp counter return`,
  "",
) + MANGLE;

/** Istio's script for IPv4 and IPv6 with DNS capture, in its own words and order. */
export const ISTIO_SCRIPT = `
add table inet istio-ambient-nat
add chain inet istio-ambient-nat prerouting { type nat hook prerouting priority -100 ; }
add chain inet istio-ambient-nat output { type nat hook output priority -100 ; }
add chain inet istio-ambient-nat istio-prerouting
add chain inet istio-ambient-nat istio-output
add rule inet istio-ambient-nat output jump istio-output
add rule inet istio-ambient-nat prerouting jump istio-prerouting
add rule inet istio-ambient-nat istio-prerouting meta l4proto tcp ip saddr 169.254.7.127 counter accept
add rule inet istio-ambient-nat istio-prerouting meta l4proto tcp ip6 saddr fd16:9254:7127:1337:ffff:ffff:ffff:ffff counter accept
add rule inet istio-ambient-nat istio-output meta l4proto tcp ip daddr 169.254.7.127 counter accept
add rule inet istio-ambient-nat istio-output meta l4proto tcp ip6 daddr fd16:9254:7127:1337:ffff:ffff:ffff:ffff counter accept
add rule inet istio-ambient-nat istio-prerouting ip daddr != 127.0.0.1/32 tcp dport != 15008 mark and 0xfff != 0x539 counter redirect to :15006
add rule inet istio-ambient-nat istio-prerouting ip6 daddr != ::1/128 tcp dport != 15008 mark and 0xfff != 0x539 counter redirect to :15006
add rule inet istio-ambient-nat istio-output oifname != lo mark and 0xfff != 0x539 udp dport 53 counter redirect to :15053
add rule inet istio-ambient-nat istio-output ip daddr != 127.0.0.1/32 tcp dport 53 mark and 0xfff != 0x539 counter redirect to :15053
add rule inet istio-ambient-nat istio-output ip6 daddr != ::1/128 tcp dport 53 mark and 0xfff != 0x539 counter redirect to :15053
add rule inet istio-ambient-nat istio-output meta l4proto tcp mark and 0xfff == 0x111 counter accept
add rule inet istio-ambient-nat istio-output oifname lo ip daddr != 127.0.0.1/32 counter accept
add rule inet istio-ambient-nat istio-output oifname lo ip6 daddr != ::1/128 counter accept
add rule inet istio-ambient-nat istio-output meta l4proto tcp ip daddr != 127.0.0.1/32 mark and 0xfff != 0x539 counter redirect to :15001
add rule inet istio-ambient-nat istio-output meta l4proto tcp ip6 daddr != ::1/128 mark and 0xfff != 0x539 counter redirect to :15001
add table inet istio-ambient-mangle
add chain inet istio-ambient-mangle prerouting { type filter hook prerouting priority -150 ; }
add chain inet istio-ambient-mangle output { type route hook output priority -150 ; }
add chain inet istio-ambient-mangle istio-prerouting
add chain inet istio-ambient-mangle istio-output
add rule inet istio-ambient-mangle prerouting jump istio-prerouting
add rule inet istio-ambient-mangle output jump istio-output
add rule inet istio-ambient-mangle istio-prerouting meta mark & 0xfff == 0x539 counter ct mark set ct mark & 0xfffff000 | 0x111
add rule inet istio-ambient-mangle istio-output ct mark and 0xfff == 0x111 counter meta mark set ct mark
add table inet istio-ambient-raw
add chain inet istio-ambient-raw prerouting { type filter hook prerouting priority -300 ; }
add chain inet istio-ambient-raw output { type filter hook output priority -300 ; }
add chain inet istio-ambient-raw istio-prerouting
add chain inet istio-ambient-raw istio-output
add rule inet istio-ambient-raw prerouting jump istio-prerouting
add rule inet istio-ambient-raw output jump istio-output
add rule inet istio-ambient-raw istio-output udp dport 53 meta mark and 0xfff == 0x539 counter ct zone set 1
add rule inet istio-ambient-raw istio-prerouting udp sport 53 meta mark and 0xfff != 0x539 counter ct zone set 1
`;
