// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IZPUJobs} from "../../src/interfaces/IZPUJobs.sol";
import {ZPUJobs} from "../../src/ZPUJobs.sol";
import {Deployed} from "../support/Deployed.sol";
import {TrapdoorKey} from "../support/TrapdoorKey.sol";

/// @title The contract and the programs derive the same job ids and contexts (protocol/vectors/job.json, golden for both)
contract VectorsTest is Deployed {
    function test_vectors_jobIdsAndContexts() public {
        string memory json = vm.readFile("protocol/vectors/job.json");
        uint256 count;
        while (vm.keyExistsJson(json, entry(count, ""))) ++count;
        assertGt(count, 0);
        for (uint256 i = 0; i < count; ++i) {
            IZPUJobs.JobSpec memory spec = IZPUJobs.JobSpec({
                provider: vm.parseJsonAddress(json, entry(i, ".spec.provider")),
                modelId: vm.parseJsonBytes32(json, entry(i, ".spec.modelId")),
                inputCommitment: vm.parseJsonBytes32(json, entry(i, ".spec.inputCommitment")),
                price: vm.parseJsonUint(json, entry(i, ".spec.priceWei")),
                acceptBy: uint64(vm.parseJsonUint(json, entry(i, ".spec.acceptBy"))),
                deadline: uint64(vm.parseJsonUint(json, entry(i, ".spec.deadline")))
            });
            address account = vm.parseJsonAddress(json, entry(i, ".requestor"));
            ZPUJobs place = ZPUJobs(vm.parseJsonAddress(json, entry(i, ".jobs")));
            vm.chainId(vm.parseJsonUint(json, entry(i, ".chainId")));
            vm.etch(address(place), address(jobs).code);
            prepare(spec, account, address(place), i);

            vm.prank(account);
            bytes32 jobId = place.post(spec, vm.parseJsonUint(json, entry(i, ".nonce")));
            assertEq(jobId, vm.parseJsonBytes32(json, entry(i, ".jobId")));
            assertEq(place.contextOf(jobId, spec.provider), vm.parseJsonUint(json, entry(i, ".context")));
        }
    }

    function prepare(IZPUJobs.JobSpec memory spec, address account, address place, uint256 index) private {
        if (!verifier.hasVk(spec.modelId)) {
            vm.prank(admin);
            verifier.addVk(spec.modelId, TrapdoorKey.vk());
        }
        token.transfer(account, spec.price);
        vm.prank(account);
        token.approve(place, spec.price);
        if (registry.isActive(spec.provider)) return;
        token.transfer(spec.provider, MIN_STAKE);
        vm.startPrank(spec.provider);
        token.approve(address(registry), MIN_STAKE);
        registry.register(vm.addr(1_000 + index), payout, PEER, MIN_STAKE);
        vm.stopPrank();
    }

    function entry(uint256 index, string memory path) private pure returns (string memory) {
        return string.concat("$[", vm.toString(index), "]", path);
    }
}
