// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IZPUProofVerifier} from "../../src/interfaces/IZPUProofVerifier.sol";
import {Proof} from "../../src/interfaces/IZPUTypes.sol";
import {DevnetKey} from "../../src/libraries/DevnetKey.sol";
import {Deployed} from "../support/Deployed.sol";
import {DevnetProof} from "../support/DevnetProof.sol";

/// @title The digits model's own key and a proof that the real prover made
contract DevnetKeyTest is Deployed {
    bytes32 private constant DIGITS = keccak256("digits");

    function test_devnetKey_isTheOneOfTheCeremony() public pure {
        assertEq(keccak256(abi.encode(DevnetProof.vk())), DevnetKey.HASH);
    }

    function test_devnetKey_takesTheProofOfARealDigit() public {
        vm.chainId(DevnetKey.CHAIN_ID);
        vm.prank(admin);
        verifier.addVk(DIGITS, DevnetProof.vk());
        assertTrue(verifier.verify(DIGITS, DevnetProof.signals(), DevnetProof.proof()));
        for (uint256 i = 0; i < 3; ++i) {
            uint256[3] memory other = DevnetProof.signals();
            other[i] ^= 1;
            assertFalse(verifier.verify(DIGITS, other, DevnetProof.proof()));
        }
        Proof memory proof = DevnetProof.proof();
        proof.a[1] ^= 1;
        vm.expectRevert(abi.encodeWithSelector(IZPUProofVerifier.ProofPointInvalid.selector, 0));
        verifier.verify(DIGITS, DevnetProof.signals(), proof);
    }

    function test_devnetKey_isRefusedOnEveryOtherChain() public {
        uint64[3] memory chains = [uint64(1), 31337, uint64(DevnetKey.CHAIN_ID + 1)];
        for (uint256 i = 0; i < chains.length; ++i) {
            vm.chainId(chains[i]);
            vm.prank(admin);
            vm.expectRevert(abi.encodeWithSelector(IZPUProofVerifier.VkDevnetOnly.selector, chains[i]));
            verifier.addVk(DIGITS, DevnetProof.vk());
        }
        assertFalse(verifier.hasVk(DIGITS));
    }

    function test_devnetKey_stopsWorkingWhereTheChainForksAway() public {
        vm.chainId(DevnetKey.CHAIN_ID);
        vm.prank(admin);
        verifier.addVk(DIGITS, DevnetProof.vk());
        vm.chainId(1);
        vm.expectRevert(abi.encodeWithSelector(IZPUProofVerifier.VkDevnetOnly.selector, 1));
        verifier.verify(DIGITS, DevnetProof.signals(), DevnetProof.proof());
    }
}
