// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Proof, VerifyingKey} from "../../src/interfaces/IZPUTypes.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";
import {Deployed} from "../support/Deployed.sol";
import {TrapdoorProver} from "../support/TrapdoorProver.sol";

contract VerifierFuzzTest is Deployed {
    function testFuzz_verify_takesEveryTrueProof(uint256[3] memory signals, uint256 blind) public view {
        signals = inField(signals);
        vm.assume(blind % Bn254.R != 0);
        assertTrue(verifier.verify(MODEL, signals, TrapdoorProver.prove(signals, blind)));
    }

    function testFuzz_verify_bindsEverySignal(
        uint256[3] memory signals,
        uint256 blind,
        uint256 index,
        uint256 to
    ) public view {
        signals = inField(signals);
        vm.assume(blind % Bn254.R != 0);
        Proof memory proof = TrapdoorProver.prove(signals, blind);
        index = bound(index, 0, 2);
        to = bound(to, 0, Bn254.R - 1);
        vm.assume(to != signals[index]);
        signals[index] = to;
        assertFalse(verifier.verify(MODEL, signals, proof));
    }

    /// Any other word in any of the eight places: refused or false, never true.
    function testFuzz_verify_takesNoOtherWord(uint256[3] memory signals, uint256 place, uint256 word) public view {
        signals = inField(signals);
        Proof memory proof = TrapdoorProver.prove(signals, 9);
        bytes memory encoded = abi.encode(proof);
        place = bound(place, 0, 7);
        uint256 before;
        assembly ("memory-safe") {
            let spot := add(encoded, add(32, mul(place, 32)))
            before := mload(spot)
            mstore(spot, word)
        }
        vm.assume(before != word);
        proof = abi.decode(encoded, (Proof));
        // A pairing over an invalid point takes all the gas it is given, so it is given what a proof costs.
        try verifier.verify{gas: 400_000}(MODEL, signals, proof) returns (bool ok) {
            assertFalse(ok);
        } catch {}
    }

    function testFuzz_addVk_keepsEveryWord(uint256[4] memory scalars) public {
        VerifyingKey memory vk = verifier.vkOf(MODEL);
        for (uint256 i = 0; i < 4; ++i) vk.ic[i] = TrapdoorProver.g1(bound(scalars[i], 1, Bn254.R - 1));
        vm.prank(admin);
        verifier.addVk(keccak256("fuzzed"), vk);
        assertEq(abi.encode(verifier.vkOf(keccak256("fuzzed"))), abi.encode(vk));
    }

    function inField(uint256[3] memory signals) private pure returns (uint256[3] memory) {
        for (uint256 i = 0; i < 3; ++i) signals[i] = bound(signals[i], 0, Bn254.R - 1);
        return signals;
    }
}
