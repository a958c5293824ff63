/** The contracts' ABIs as ethers interfaces, for those who encode calls and those who read answers. */
import { JOBS_ABI, REGISTRY_ABI, TOKEN_ABI, TREASURY_ABI } from "@zpu/contracts/abi";
import { Interface } from "ethers";

export const tokenInterface = new Interface(TOKEN_ABI);
export const registryInterface = new Interface(REGISTRY_ABI);
export const jobsInterface = new Interface(JOBS_ABI);
export const treasuryInterface = new Interface(TREASURY_ABI);
