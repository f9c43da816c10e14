module rewardlab.local/toolchain/kwok

go 1.26.0

tool (
	sigs.k8s.io/kwok/cmd/kwok
	sigs.k8s.io/kwok/cmd/kwokctl
)

require sigs.k8s.io/kwok v0.8.0
