// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IZPUProofVerifier} from "../../src/interfaces/IZPUProofVerifier.sol";
import {Proof, VerifyingKey} from "../../src/interfaces/IZPUTypes.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";
import {Deployed} from "../support/Deployed.sol";
import {TrapdoorKey} from "../support/TrapdoorKey.sol";
import {TrapdoorProver} from "../support/TrapdoorProver.sol";

contract VerifyTest is Deployed {
    uint256[3] private signals = [uint256(3), 5, 7];

    function test_verify_takesAProofOfTheseSignals() public view {
        assertTrue(verifier.verify(MODEL, signals, TrapdoorProver.prove(signals, 9)));
    }

    function test_verify_takesTheSmallestAndTheLargestSignals() public view {
        uint256[3] memory edge = [uint256(0), Bn254.R - 1, 0];
        assertTrue(verifier.verify(MODEL, edge, TrapdoorProver.prove(edge, 9)));
    }

    function test_verify_isFalseForOtherSignals() public view {
        Proof memory proof = TrapdoorProver.prove(signals, 9);
        for (uint256 i = 0; i < 3; ++i) {
            uint256[3] memory other = signals;
            other[i] += 1;
            assertFalse(verifier.verify(MODEL, other, proof));
        }
    }

    function test_verify_isFalseForOtherPoints() public view {
        Proof memory proof = TrapdoorProver.prove(signals, 9);
        proof.a = TrapdoorProver.g1(10);
        assertFalse(verifier.verify(MODEL, signals, proof));
        proof = TrapdoorProver.prove(signals, 9);
        proof.c = TrapdoorProver.g1(10);
        assertFalse(verifier.verify(MODEL, signals, proof));
        proof = TrapdoorProver.prove(signals, 9);
        proof.b = TrapdoorKey.minusGamma();
        assertFalse(verifier.verify(MODEL, signals, proof));
    }

    function test_verify_refusesSignalsOutsideTheField() public {
        Proof memory proof = TrapdoorProver.prove(signals, 9);
        for (uint256 i = 0; i < 3; ++i) {
            uint256[3] memory congruent = signals;
            congruent[i] += Bn254.R;
            vm.expectRevert(abi.encodeWithSelector(IZPUProofVerifier.SignalOutOfField.selector, i, congruent[i]));
            verifier.verify(MODEL, congruent, proof);
        }
    }

    function test_verify_refusesMalformedPoints() public {
        uint256[2][2] memory zero;
        Proof memory proof = TrapdoorProver.prove(signals, 9);
        proof.a = [uint256(0), 0];
        expectMalformed(proof, 0);
        proof = TrapdoorProver.prove(signals, 9);
        proof.a[0] += Bn254.P;
        expectMalformed(proof, 0);
        proof = TrapdoorProver.prove(signals, 9);
        proof.c[1] ^= 1;
        expectMalformed(proof, 2);
        proof = TrapdoorProver.prove(signals, 9);
        proof.c = [uint256(0), 0];
        expectMalformed(proof, 2);
        proof = TrapdoorProver.prove(signals, 9);
        proof.b = zero;
        expectMalformed(proof, 1);
        proof.b = TrapdoorKey.outsideSubgroup();
        expectMalformed(proof, 1);
        proof.b = TrapdoorKey.proofB();
        proof.b[0][0] += Bn254.P;
        expectMalformed(proof, 1);
        proof.b = TrapdoorKey.proofB();
        (proof.b[0][0], proof.b[0][1]) = (proof.b[0][1], proof.b[0][0]); // real part first
        expectMalformed(proof, 1);
    }

    function test_verify_refusesAnUnknownModel() public {
        Proof memory proof = TrapdoorProver.prove(signals, 9);
        bytes32 unknown = keccak256("unknown");
        vm.expectRevert(abi.encodeWithSelector(IZPUProofVerifier.VkUnknown.selector, unknown));
        verifier.verify(unknown, signals, proof);
        vm.expectRevert(abi.encodeWithSelector(IZPUProofVerifier.VkUnknown.selector, unknown));
        verifier.vkOf(unknown);
        vm.expectRevert(abi.encodeWithSelector(IZPUProofVerifier.VkUnknown.selector, unknown));
        verifier.vkHashOf(unknown);
    }

    function expectMalformed(Proof memory proof, uint8 point) private {
        vm.expectRevert(abi.encodeWithSelector(IZPUProofVerifier.ProofPointInvalid.selector, point));
        verifier.verify(MODEL, signals, proof);
    }
}
