// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/torch_support.h"

namespace lsr
{
  std::string
  essence(const std::string &message)
  {
    // The interpreter puts a traceback in front of the error proper; exceptions
    // that the program raises are its last line.
    const std::string mark  = "RuntimeError: ";
    const std::string start = "The following operation failed";
    std::size_t       begin = message.rfind(mark);
    if (begin != std::string::npos)
      begin += mark.size();
    else if (message.compare(0, start.size(), start) == 0)
      begin = message.rfind('\n', message.find_last_not_of(" \t\n"));
    begin = begin == std::string::npos ? 0 : begin;
    begin = message.find_first_not_of(" \t\n", begin);
    if (begin == std::string::npos)
      return "unknown reason";
    const std::size_t end = message.find('\n', begin);
    return message.substr(begin, end == std::string::npos ? end : end - begin);
  }



  at::TensorOptions
  block_options()
  {
    return at::TensorOptions(at::kDouble)
      .device(blocks_on_host ? at::kCPU : at::kCUDA);
  }



  namespace
  {
    template <typename BlockType>
    at::Tensor
    columns_first(const BlockType &block, const at::ScalarType type)
    {
      const auto n_rows    = std::int64_t(block.extent(0));
      const auto n_columns = std::int64_t(block.extent(1));
      // LibTorch looks up the device of a pointer, and there may be none here.
      if (block.size() == 0)
        return at::empty({n_columns, n_rows}, block_options().dtype(type));
      return at::from_blob(block.data(),
                           {n_columns, n_rows},
                           {std::int64_t(block.stride(1)), 1},
                           block_options().dtype(type));
    }
  } // namespace



  at::Tensor
  as_tensor(const Block &block)
  {
    return columns_first(block, at::kDouble);
  }



  at::Tensor
  as_tensor(const FloatBlock &block)
  {
    return columns_first(block, at::kFloat);
  }



  at::Tensor
  as_tensor(const Column &column)
  {
    if (column.size() == 0)
      return at::empty({0}, block_options());
    return at::from_blob(column.data(),
                         {std::int64_t(column.extent(0))},
                         block_options());
  }



  at::Tensor
  as_tensor(const std::vector<double> &values,
            const unsigned int         n,
            const std::string         &what)
  {
    if (values.empty())
      return at::Tensor();
    require(values.size() == n,
            what + " has " + std::to_string(values.size()) +
              " entries, expected " + std::to_string(n));
    return at::tensor(values, block_options());
  }



  std::vector<at::Tensor>
  split_like(const at::Tensor &flat, const std::vector<at::Tensor> &tensors)
  {
    std::vector<at::Tensor> pieces;
    std::int64_t            offset = 0;
    for (const at::Tensor &tensor : tensors)
      {
        pieces.push_back(
          flat.narrow(0, offset, tensor.numel()).view(tensor.sizes()));
        offset += tensor.numel();
      }
    return pieces;
  }
} // namespace lsr
