// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IZPUProofVerifier} from "../../src/interfaces/IZPUProofVerifier.sol";
import {VerifyingKey} from "../../src/interfaces/IZPUTypes.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";
import {Deployed} from "../support/Deployed.sol";
import {TrapdoorKey} from "../support/TrapdoorKey.sol";

contract AddVkTest is Deployed {
    bytes32 private constant NEXT = keccak256("next model");

    function test_addVk_keepsTheKey() public {
        VerifyingKey memory vk = TrapdoorKey.vk();
        assertFalse(verifier.hasVk(NEXT));
        vm.prank(admin);
        vm.expectEmit();
        emit IZPUProofVerifier.VkAdded(NEXT, keccak256(abi.encode(vk)));
        verifier.addVk(NEXT, vk);
        assertTrue(verifier.hasVk(NEXT));
        assertEq(abi.encode(verifier.vkOf(NEXT)), abi.encode(vk));
        assertEq(verifier.vkHashOf(NEXT), keccak256(abi.encode(vk)));
    }

    function test_addVk_isTheOwners() public {
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger));
        verifier.addVk(NEXT, TrapdoorKey.vk());
    }

    function test_addVk_neverReplaces() public {
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IZPUProofVerifier.VkExists.selector, MODEL));
        verifier.addVk(MODEL, TrapdoorKey.vk());
    }

    function test_addVk_refusesKeysForWhichAnyoneCanForge() public {
        VerifyingKey memory vk = TrapdoorKey.vk();
        vk.delta = vk.gamma; // no second-phase contribution
        expectForgeable(vk);
        vk.delta = TrapdoorKey.minusGamma();
        expectForgeable(vk);
        vk = TrapdoorKey.vk();
        vk.beta = vk.delta;
        expectForgeable(vk);
        vk = TrapdoorKey.vk();
        vk.beta = vk.gamma;
        expectForgeable(vk);
    }

    function test_addVk_refusesInvalidPoints() public {
        VerifyingKey memory vk = TrapdoorKey.vk();
        vk.alpha[0] ^= 1; // off the curve
        expectInvalid(vk);
        vk = TrapdoorKey.vk();
        vk.alpha[0] += Bn254.P; // not canonical
        expectInvalid(vk);
        for (uint256 i = 0; i < 4; ++i) {
            vk = TrapdoorKey.vk();
            vk.ic[i] = [uint256(0), 0]; // infinity: signal i - 1 would not be bound
            expectInvalid(vk);
        }
        uint256[2][2] memory zero;
        vk = TrapdoorKey.vk();
        vk.beta = zero;
        expectInvalid(vk);
        vk = TrapdoorKey.vk();
        vk.gamma = zero;
        expectInvalid(vk);
        vk = TrapdoorKey.vk();
        vk.delta = zero;
        expectInvalid(vk);
        vk = TrapdoorKey.vk();
        vk.beta = TrapdoorKey.outsideSubgroup();
        expectInvalid(vk);
        vk = TrapdoorKey.vk();
        vk.gamma[1][1] ^= 1; // off the twist
        expectInvalid(vk);
        vk = TrapdoorKey.vk();
        vk.delta[0][0] += Bn254.P; // not canonical
        expectInvalid(vk);
    }

    function expectForgeable(VerifyingKey memory vk) private {
        vm.expectRevert(IZPUProofVerifier.VkForgeable.selector);
        vm.prank(admin);
        verifier.addVk(NEXT, vk);
    }

    function expectInvalid(VerifyingKey memory vk) private {
        vm.expectRevert(IZPUProofVerifier.VkPointInvalid.selector);
        vm.prank(admin);
        verifier.addVk(NEXT, vk);
        assertFalse(verifier.hasVk(NEXT));
    }
}
