// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";
import {TrapdoorKey} from "../support/TrapdoorKey.sol";
import {TrapdoorProver} from "../support/TrapdoorProver.sol";

contract Bn254Test is Test {
    function test_isG1_knowsTheCurve() public view {
        assertTrue(Bn254.isG1([uint256(1), 2]));
        assertTrue(Bn254.isG1([uint256(1), Bn254.P - 2]));
        assertTrue(Bn254.isG1(TrapdoorProver.g1(Bn254.R - 1)));
        assertFalse(Bn254.isG1([uint256(0), 0]));
        assertFalse(Bn254.isG1([uint256(1), 3]));
        assertFalse(Bn254.isG1([Bn254.P + 1, 2]));
        assertFalse(Bn254.isG1([uint256(1), Bn254.P + 2]));
    }

    function test_addScaled_followsTheGroup() public view {
        uint256[2] memory five = TrapdoorProver.g1(5);
        uint256[2] memory sum = Bn254.addScaled(TrapdoorProver.g1(2), [uint256(1), 2], 3);
        assertEq(sum[0], five[0]);
        assertEq(sum[1], five[1]);
        uint256[2] memory zero = Bn254.addScaled([uint256(0), 0], [uint256(1), 2], Bn254.R);
        assertEq(zero[0] | zero[1], 0);
    }

    function test_addScaled_refusesAPointOffTheCurve() public {
        vm.expectRevert(Bn254.PrecompileFailed.selector);
        this.addOffTheCurve();
    }

    function addOffTheCurve() external view returns (uint256[2] memory) {
        return Bn254.addScaled([uint256(1), 3], [uint256(1), 2], 1);
    }

    function test_pairing_knowsOneFromOthersAndFromInvalid() public view {
        // e(P, Q) e(-P, Q) = 1, and e(P, Q) e(P, Q) is not.
        uint256[] memory input = new uint256[](12);
        Bn254.setPair(input, 0, [uint256(1), 2], TrapdoorKey.proofB());
        Bn254.setPair(input, 1, [uint256(1), Bn254.P - 2], TrapdoorKey.proofB());
        (bool valid, bool one) = Bn254.pairing(input);
        assertTrue(valid && one);
        Bn254.setPair(input, 1, [uint256(1), 2], TrapdoorKey.proofB());
        (valid, one) = Bn254.pairing(input);
        assertTrue(valid);
        assertFalse(one);
        Bn254.setPair(input, 1, [uint256(1), 2], TrapdoorKey.outsideSubgroup());
        (valid, one) = Bn254.pairing(input);
        assertFalse(valid);
        assertFalse(one);
    }
}
