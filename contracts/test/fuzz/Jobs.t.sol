// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IZPUJobs} from "../../src/interfaces/IZPUJobs.sol";
import {Proof, VerifyingKey} from "../../src/interfaces/IZPUTypes.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";
import {Deployed} from "../support/Deployed.sol";

contract JobsFuzzTest is Deployed {
    function testFuzz_paidJob_movesExactlyThePrice(uint256 price, bytes32 input, bytes32 output, uint256 nonce) public {
        price = bound(price, 1, token.balanceOf(requestor));
        registerNode();
        IZPUJobs.JobSpec memory spec = terms();
        spec.price = price;
        spec.inputCommitment = bytes32(uint256(input) % Bn254.R);
        output = bytes32(uint256(output) % Bn254.R);
        uint256 before = token.balanceOf(requestor);
        bytes32 jobId = post(spec, nonce);
        vm.prank(operator);
        jobs.accept(jobId);
        Proof memory proof = proofFor(jobId, output);
        vm.prank(operator);
        jobs.prove(jobId, output, proof);
        jobs.settle(jobId);
        treasury.claim(payout);
        assertEq(token.balanceOf(payout), price);
        assertEq(token.balanceOf(requestor), before - price);
        assertEq(token.balanceOf(address(jobs)) + token.balanceOf(address(treasury)), 0);
    }

    function testFuzz_unpaidJob_givesEverythingBack(uint256 price, uint32 wait, bool taken) public {
        price = bound(price, 1, token.balanceOf(requestor));
        registerNode();
        IZPUJobs.JobSpec memory spec = terms();
        spec.price = price;
        uint256 before = token.balanceOf(requestor);
        bytes32 jobId = post(spec, 1);
        if (taken) {
            vm.prank(operator);
            jobs.accept(jobId);
            vm.warp(uint256(spec.deadline) + 1 + wait);
            jobs.expire(jobId);
            jobs.refund(jobId);
        } else {
            skip(wait);
            vm.prank(requestor);
            jobs.cancel(jobId);
        }
        treasury.claim(requestor);
        assertEq(token.balanceOf(requestor), before);
        assertEq(jobs.escrowed(), 0);
    }

    function testFuzz_contextOf_isInTheFieldAndDistinct(bytes32 one, bytes32 other, address provider) public view {
        uint256 context = jobs.contextOf(one, provider);
        assertLt(context, 1 << 248);
        assertLt(context, Bn254.R);
        if (one != other) assertNotEq(context, jobs.contextOf(other, provider));
        assertNotEq(context, jobs.contextOf(one, address(uint160(provider) ^ 1)));
    }

    function testFuzz_post_takesOnlySoundTimes(uint64 acceptBy, uint64 deadline) public {
        registerNode();
        IZPUJobs.JobSpec memory spec = terms();
        spec.acceptBy = acceptBy;
        spec.deadline = deadline;
        vm.startPrank(requestor);
        token.approve(address(jobs), PRICE);
        bool sound = acceptBy >= block.timestamp && deadline > acceptBy;
        if (!sound) vm.expectRevert(abi.encodeWithSelector(IZPUJobs.TimesInvalid.selector, acceptBy, deadline));
        jobs.post(spec, 1);
    }
}
