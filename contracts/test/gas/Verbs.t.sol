// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Proof} from "../../src/interfaces/IZPUTypes.sol";
import {TrapdoorKey} from "../support/TrapdoorKey.sol";
import {TrapdoorProver} from "../support/TrapdoorProver.sol";
import {Deployed} from "../support/Deployed.sol";

/// @title Every verb once or twice as it succeeds in practice: where the gas report's figures come from
contract VerbsGasTest is Deployed {
    function test_gas_aNodesLife() public {
        registerNode();
        vm.startPrank(owner);
        token.approve(address(registry), 10 ether);
        registry.addStake(10 ether);
        registry.rotateOperator(stranger);
        registry.setPeerKey(keccak256("next"));
        registry.proposePayout(requestor);
        vm.stopPrank();
        vm.prank(requestor);
        registry.confirmPayout(owner);
        vm.startPrank(owner);
        registry.thaw(10 ether);
        skip(THAW);
        registry.unstake();
        vm.stopPrank();
    }

    function test_gas_permits() public {
        (uint8 v, bytes32 r, bytes32 s) = permitOf(ownerKey, address(registry), MIN_STAKE, block.timestamp);
        vm.prank(owner);
        registry.registerWithPermit(operator, payout, PEER, MIN_STAKE, block.timestamp, v, r, s);
        (v, r, s) = permitOf(requestorKey, address(jobs), PRICE, block.timestamp);
        vm.prank(requestor);
        jobs.postWithPermit(terms(), 1, block.timestamp, v, r, s);
    }

    function test_gas_paidJobs() public {
        bytes32 first = proven();
        jobs.settle(first);
        treasury.claim(payout);
        bytes32 second = post(terms(), 2);
        vm.prank(operator);
        jobs.accept(second);
        Proof memory proof = proofFor(second, OUTPUT);
        vm.prank(operator);
        jobs.prove(second, OUTPUT, proof);
        jobs.settle(second);
        treasury.claim(payout);
    }

    function test_gas_unpaidJobs() public {
        bytes32 first = accepted();
        skip(1 days);
        jobs.expire(first);
        jobs.refund(first);
        bytes32 second = post(terms(), 2);
        vm.prank(requestor);
        jobs.cancel(second);
    }

    function test_gas_verify() public {
        vm.prank(admin);
        verifier.addVk(keccak256("next model"), TrapdoorKey.vk());
        uint256[3] memory signals = [uint256(1), 2, 3];
        assertTrue(verifier.verify(MODEL, signals, TrapdoorProver.prove(signals, 4)));
    }
}
