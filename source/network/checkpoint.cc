// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/checkpoint.h"

#include <lsr/base/exceptions.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <regex>
#include <set>

#include "base/npy.h"
#include "base/text.h"
#include "base/zip_archive.h"
#include "network/pickle.h"

namespace lsr
{
  namespace
  {
    using Sizes = std::vector<std::int64_t>;

    /// A tensor that repeats the numbers of its storage has at most so many.
    constexpr std::int64_t max_n_repeated = std::int64_t(1) << 24;

    /// Longer names are no names, and too much for regular expressions.
    constexpr std::size_t max_n_letters = 400;

    /// More tensors than any network has, and a limit to the search for them.
    constexpr std::size_t max_n_visited = 1000000;



    std::string
    to_text(const Sizes &sizes)
    {
      std::string text;
      for (const std::int64_t n : sizes)
        text += (text.empty() ? "" : ", ") + std::to_string(n);
      return "[" + text + "]";
    }



    /// The number of entries of a tensor with these sizes, if it is at most
    /// @p limit.
    std::optional<std::int64_t>
    count(const Sizes &sizes, const std::int64_t limit)
    {
      std::int64_t n = 1;
      for (const std::int64_t size : sizes)
        if (size == 0)
          return 0;
      for (const std::int64_t size : sizes)
        {
          if (size < 0 || size > limit || n > limit / size)
            return {};
          n *= size;
        }
      return n;
    }



    /// A tensor with the numbers at @p data.
    at::Tensor
    copy_tensor(const char *data, const Sizes &sizes, const at::ScalarType type)
    {
      const at::Tensor tensor = at::empty(sizes, type);
      if (tensor.numel() > 0)
        std::memcpy(tensor.data_ptr(), data, tensor.nbytes());
      return tensor;
    }



    // ------------------------------------------------------------ safetensors

    /// Read the header, in which no name may occur twice.
    nlohmann::json
    parse_header(const std::string &text, const std::string &name)
    {
      std::vector<std::set<std::string>> keys(1);
      const auto                         check = [&](const int,
                             const nlohmann::json::parse_event_t event,
                             nlohmann::json                     &value) {
        if (event == nlohmann::json::parse_event_t::object_start)
          keys.emplace_back();
        else if (event == nlohmann::json::parse_event_t::object_end)
          keys.pop_back();
        else if (event == nlohmann::json::parse_event_t::key)
          require(keys.back().insert(value.get<std::string>()).second,
                  name + ": the safetensors header has the name '" +
                    value.get<std::string>() + "' twice");
        return true;
      };
      try
        {
          return nlohmann::json::parse(text, check);
        }
      catch (const nlohmann::json::exception &)
        {
          throw Error(name + ": the header of the safetensors file is no JSON");
        }
    }



    Checkpoint
    read_safetensors(const std::string &bytes, const std::string &name)
    {
      static const std::map<std::string, at::ScalarType> types = {
        {"F64", at::kDouble},
        {"F32", at::kFloat},
        {"F16", at::kHalf},
        {"BF16", at::kBFloat16},
        {"I64", at::kLong},
        {"I32", at::kInt},
        {"I16", at::kShort},
        {"I8", at::kChar},
        {"U8", at::kByte},
        {"BOOL", at::kBool}};

      std::uint64_t n_header;
      std::memcpy(&n_header, bytes.data(), 8);
      const std::size_t available = bytes.size() - 8;
      require(n_header <= available,
              name + ": the header of the safetensors file should have " +
                std::to_string(n_header) + " bytes, but only " +
                std::to_string(available) + " are there");
      const std::size_t    n_data = available - n_header;
      const nlohmann::json header =
        parse_header(bytes.substr(8, n_header), name);
      require(header.is_object(),
              name + ": the header of the safetensors file is no dictionary");

      Checkpoint checkpoint;
      checkpoint.format = "safetensors file";
      std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
      for (const auto &[tensor, entry] : header.items())
        {
          if (tensor == "__metadata__")
            continue;
          const std::string where =
            name + ": tensor '" + tensor + "' of the safetensors file ";
          std::string                type;
          Sizes                      sizes;
          std::vector<std::uint64_t> range;
          try
            {
              type = entry.at("dtype").get<std::string>();
              for (const nlohmann::json &size : entry.at("shape"))
                sizes.push_back(size.is_number_unsigned() &&
                                    size.get<std::uint64_t>() < (1ULL << 62) ?
                                  size.get<std::int64_t>() :
                                  -1);
              for (const nlohmann::json &offset : entry.at("data_offsets"))
                if (offset.is_number_unsigned())
                  range.push_back(offset.get<std::uint64_t>());
            }
          catch (const nlohmann::json::exception &)
            {
              throw Error(where + "has no dtype, shape and data_offsets");
            }
          const auto found = types.find(type);
          require(found != types.end(),
                  where + "has numbers of type " + type +
                    ", expected F64, F32, F16, BF16, I64, I32, I16, I8, U8 or "
                    "BOOL");
          require(range.size() == 2 && range[0] <= range[1] &&
                    range[1] <= n_data,
                  where + "has offsets outside of the " +
                    std::to_string(n_data) + " bytes of numbers");
          const auto n = count(sizes, n_data);
          require(n &&
                    *n * c10::elementSize(found->second) == range[1] - range[0],
                  where + "of sizes " + to_text(sizes) + " and type " + type +
                    " has " + std::to_string(range[1] - range[0]) + " bytes");
          ranges.emplace_back(range[0], range[1]);
          checkpoint.tensors.push_back(
            {tensor,
             copy_tensor(bytes.data() + 8 + n_header + range[0],
                         sizes,
                         found->second)});
        }
      std::sort(ranges.begin(), ranges.end());
      std::uint64_t end = 0;
      for (const auto &range : ranges)
        {
          require(range.first == end,
                  name + ": the numbers of the safetensors file " +
                    (range.first < end ? "overlap" : "have a gap") +
                    " at byte " + std::to_string(range.first));
          end = range.second;
        }
      require(end == n_data,
              name + ": the safetensors file has " + std::to_string(n_data) +
                " bytes of numbers, its tensors have " + std::to_string(end));
      return checkpoint;
    }



    // ------------------------------------------------------------------- .npz

    at::Tensor
    to_tensor(const NpyArray &array, const std::string &name)
    {
      const auto type = [&]() {
        const bool first = array.item_size == (array.kind == 'c' ? 8 : 4);
        switch (array.kind)
          {
            case 'f':
              return array.item_size == 2 ? at::kHalf :
                     first                ? at::kFloat :
                                            at::kDouble;
            case 'c':
              return first ? at::kComplexFloat : at::kComplexDouble;
            case 'b':
              return at::kBool;
            default:
              return at::kLong;
          }
      }();
      if (array.kind != 'i' && array.kind != 'u')
        return copy_tensor(array.data.data(), array.shape, type);
      const std::vector<double> numbers = array.to_double(name);
      return at::tensor(numbers, at::kDouble).to(type).reshape(array.shape);
    }



    Checkpoint
    read_npz(const ZipArchive &archive, const std::string &name)
    {
      Checkpoint checkpoint;
      checkpoint.format = ".npz file";
      for (const std::string &path : archive.paths())
        {
          const std::string where = name + ": " + path;
          checkpoint.tensors.push_back(
            {path.substr(0, path.size() - 4),
             to_tensor(read_npy(archive.read(path), where), where)});
        }
      return checkpoint;
    }



    // ------------------------------------------------------------- torch.save

    using Kind = PickleValue::Kind;

    std::optional<at::ScalarType>
    type_of_storage(const std::string &name)
    {
      static const std::map<std::string, at::ScalarType> types = {
        {"torch.DoubleStorage", at::kDouble},
        {"torch.FloatStorage", at::kFloat},
        {"torch.HalfStorage", at::kHalf},
        {"torch.BFloat16Storage", at::kBFloat16},
        {"torch.LongStorage", at::kLong},
        {"torch.IntStorage", at::kInt},
        {"torch.ShortStorage", at::kShort},
        {"torch.CharStorage", at::kChar},
        {"torch.ByteStorage", at::kByte},
        {"torch.BoolStorage", at::kBool},
        {"torch.ComplexFloatStorage", at::kComplexFloat},
        {"torch.ComplexDoubleStorage", at::kComplexDouble}};
      // GPUs' have the name of another module.
      const std::size_t dot = name.rfind('.');
      if (name.rfind("torch.", 0) != 0)
        return {};
      const auto found = types.find("torch." + name.substr(dot + 1));
      return found == types.end() ?
               std::nullopt :
               std::optional<at::ScalarType>(found->second);
    }



    /// The numbers that tensors of a file share, by key.
    class Storages
    {
    public:
      /// @p read returns the bytes that belong to a key.
      Storages(const std::string                                   &name,
               std::function<std::string(const std::string &key)> &&read)
        : name(name)
        , read(std::move(read))
      {}

      /// The tensor that a call stands for; undefined if it is none. Parameters
      /// are calls inside of calls, though never many.
      at::Tensor
      tensor(const PickleValue &value, const unsigned int depth = 0)
      {
        const std::string &function = value.function();
        if (depth > 4)
          return {};
        if (function == "torch._utils._rebuild_parameter" ||
            function == "torch._utils._rebuild_parameter_with_state")
          return tensor(value[0], depth + 1);
        if (function == "torch._tensor._rebuild_from_type_v2" &&
            value[2].kind == Kind::sequence && value[2].size() > 0)
          {
            PickleValue inner;
            inner.kind  = Kind::call;
            inner.items = {&value[0], &value[2]};
            return tensor(inner, depth + 1);
          }
        if (function != "torch._utils._rebuild_tensor_v2" &&
            function != "torch._utils._rebuild_tensor")
          return {};
        return strided(storage(value[0]), value);
      }

    private:
      static Sizes
      integers(const PickleValue &value, const std::string &name)
      {
        Sizes result;
        for (const PickleValue *item : value.items)
          {
            require(item->kind == Kind::integer,
                    name + ": a tensor inside has sizes that are no numbers");
            result.push_back(item->integer);
          }
        return result;
      }

      /// A vector of the numbers of a storage.
      at::Tensor
      storage(const PickleValue &reference)
      {
        const std::string where = name + ": a tensor inside has ";
        require(reference.kind == Kind::reference && reference.size() == 1 &&
                  reference[0].kind == Kind::sequence &&
                  reference[0].size() >= 5 && reference[0][0].text == "storage",
                where + "no storage");
        const PickleValue &id    = reference[0];
        const std::string &key   = id[2].text;
        const auto         known = storages.find(key);
        if (known != storages.end())
          return known->second;
        const auto type = type_of_storage(id[1].text);
        require(type.has_value(),
                where + "numbers of type " + id[1].text +
                  ", expected real numbers of 16 to 64 bits or integers");
        require(id.size() < 6 || id[5].kind == Kind::none,
                where + "a view of a storage, as PyTorch before 0.4 saved "
                        "them: load and save it with a newer one");
        const std::string  data = read(key);
        const std::int64_t n    = data.size() / c10::elementSize(*type);
        require(id[4].kind == Kind::integer && id[4].integer == n,
                where + std::to_string(data.size()) + " bytes, expected " +
                  std::to_string(id[4].integer) + " numbers of type " +
                  id[1].text);
        return storages[key] = copy_tensor(data.data(), {n}, *type);
      }

      at::Tensor
      strided(const at::Tensor &storage, const PickleValue &call)
      {
        const Sizes sizes         = integers(call[2], name),
                    strides       = integers(call[3], name);
        const std::int64_t offset = call[1].integer;
        const std::string  where =
          name + ": a tensor inside of sizes " + to_text(sizes);
        const std::int64_t limit = std::max(storage.numel(), max_n_repeated);
        const auto         n     = count(sizes, limit);
        require(call[1].kind == Kind::integer && offset >= 0 &&
                  sizes.size() == strides.size() && n,
                where + " cannot be one");
        // The last entry, in numbers that cannot overflow.
        double last = offset;
        for (std::size_t i = 0; i < sizes.size(); ++i)
          {
            require(strides[i] >= 0, where + " has negative strides");
            last += double(sizes[i] - 1) * double(strides[i]);
          }
        require(*n == 0 || last < double(storage.numel()),
                where + " reaches beyond its " +
                  std::to_string(storage.numel()) + " numbers");
        // Tensors that are the same stay one.
        at::Tensor &tensor =
          tensors[{storage.unsafeGetTensorImpl(), offset, sizes, strides}];
        if (!tensor.defined())
          tensor = *n == 0 ? at::empty(sizes, storage.options()) :
                             storage.as_strided(sizes, strides, offset).clone();
        return tensor;
      }

      const std::string                                  name;
      std::function<std::string(const std::string &key)> read;
      std::map<std::string, at::Tensor>                  storages;
      std::map<std::tuple<c10::TensorImpl *, std::int64_t, Sizes, Sizes>,
               at::Tensor>
        tensors;
    };



    std::string
    describe(const PickleValue &value)
    {
      switch (value.kind)
        {
          case Kind::call:
            return value.function().empty() ? "an object" : value.function();
          case Kind::name:
            return value.text;
          case Kind::dictionary:
            return "a dictionary";
          case Kind::sequence:
            return "a list";
          case Kind::text:
            return "a text";
          case Kind::none:
            return "None";
          default:
            return "a number";
        }
    }



    /// Finds the tensors of a network among all that a pickle has.
    class StateFinder
    {
    public:
      StateFinder(Storages &storages, const std::string &name)
        : storages(storages)
        , name(name)
      {}

      Checkpoint
      run(const PickleValue &top)
      {
        require(top.kind != Kind::call || storages.tensor(top).defined(),
                name + ": a pickle of the class " + describe(top) +
                  " (torch.save(model)), which only Python can load: save "
                  "torch.jit.trace(model, points), or model.state_dict() and "
                  "give a layout");
        checkpoint.format     = "checkpoint of PyTorch";
        checkpoint.is_ordered = true;
        collect("", descend(top), 0);
        return checkpoint;
      }

    private:
      /// The part of a dictionary that programs call the network.
      const PickleValue &
      descend(const PickleValue &top)
      {
        static const std::vector<std::string> names = {"model_state_dict",
                                                       "state_dict",
                                                       "model_state",
                                                       "model",
                                                       "net",
                                                       "network",
                                                       "params",
                                                       "weights"};
        const PickleValue                    *value = &top;
        for (unsigned int depth = 0; depth < 8; ++depth)
          {
            if (value->kind != Kind::dictionary)
              break;
            const PickleValue *inner = nullptr;
            std::size_t        best  = names.size();
            for (std::size_t i = 0; i + 1 < value->items.size(); i += 2)
              {
                const PickleValue &key   = *value->items[i],
                                  &entry = *value->items[i + 1];
                if (storages.tensor(entry).defined())
                  return *value;
                const std::size_t place =
                  std::find(names.begin(), names.end(), key.text) -
                  names.begin();
                if (place < best && entry.kind == Kind::dictionary &&
                    !entry.items.empty())
                  {
                    best  = place;
                    inner = &entry;
                  }
                else if (place < names.size())
                  note(key.text, entry);
              }
            if (!inner)
              break;
            checkpoint.origin +=
              (checkpoint.origin.empty() ? "" : "/") + names[best];
            value = inner;
          }
        return *value;
      }

      static bool
      is_optimizer(const std::string &key)
      {
        static const std::regex pattern("(.*[_.])?(optim.*|opt_state.*|"
                                        "(lr_)?schedulers?.*|scaler)",
                                        std::regex::icase);
        return key.size() < max_n_letters && std::regex_match(key, pattern);
      }

      void
      note(const std::string &path, const PickleValue &value)
      {
        if (checkpoint.others.size() < 20)
          checkpoint.others.push_back("'" + path + "' (" + describe(value) +
                                      ")");
      }

      /// Take all tensors inside @p value. Returns whether there are any.
      bool
      collect(const std::string &path,
              const PickleValue &value,
              const unsigned int depth)
      {
        require(++n_visited < max_n_visited && depth < 32,
                name + ": its dictionaries are nested too deeply");
        if (value.kind == Kind::call)
          {
            const at::Tensor tensor = storages.tensor(value);
            if (tensor.defined())
              checkpoint.tensors.push_back({path, tensor});
            else
              note(path, value);
            return tensor.defined();
          }
        if (value.kind != Kind::dictionary && value.kind != Kind::sequence)
          {
            if (depth <= 1)
              note(path, value);
            return false;
          }
        if (barren.count(&value) > 0)
          return false;
        const bool        has_keys = value.kind == Kind::dictionary;
        bool              found    = false;
        const std::size_t step     = has_keys ? 2 : 1;
        for (std::size_t i = 0; i + step <= value.items.size(); i += step)
          {
            const PickleValue &item = *value.items[i + step - 1];
            // Long lists of numbers are left alone.
            if (depth > 0 && item.kind != Kind::call &&
                item.kind != Kind::dictionary && item.kind != Kind::sequence)
              continue;
            const std::string key =
              has_keys ? to_text(*value.items[i]) : std::to_string(i);
            if (!is_optimizer(key))
              found = collect(path.empty() ? key : path + "." + key,
                              item,
                              depth + 1) ||
                      found;
          }
        if (!found)
          barren.insert(&value);
        return found;
      }

      static std::string
      to_text(const PickleValue &key)
      {
        return key.kind == Kind::integer ? std::to_string(key.integer) :
                                           key.text;
      }

      Storages          &storages;
      const std::string &name;
      Checkpoint         checkpoint;
      std::size_t        n_visited = 0;

      /// Containers without tensors.
      std::set<const PickleValue *> barren;
    };



    Checkpoint
    read_torch_archive(const ZipArchive  &archive,
                       const std::string &pickle_path,
                       const std::string &name)
    {
      const std::string folder = pickle_path.substr(0, pickle_path.size() - 8);
      require(!archive.contains(folder + "byteorder") ||
                archive.read(folder + "byteorder") == "little",
              name + ": saved on a big-endian machine, expected little endian");
      const std::string program = archive.read(pickle_path);
      const Pickle      pickle(program, name);
      Storages          storages(name, [&](const std::string &key) {
        return archive.read(folder + "data/" + key);
      });
      return StateFinder(storages, name).run(pickle.value());
    }



    /// The pickle that every file of torch.save before PyTorch 1.6 begins
    /// with: protocol, and the number 0x1950a86a20f9469cfc6c.
    const std::string legacy_start =
      std::string("\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);



    Checkpoint
    read_legacy_file(const std::string &bytes, const std::string &name)
    {
      const Pickle magic(bytes, name), protocol(bytes, name, magic.end()),
        system(bytes, name, protocol.end()), data(bytes, name, system.end()),
        keys(bytes, name, data.end());
      require(protocol.value().integer == 1001,
              name + ": version " + std::to_string(protocol.value().integer) +
                " of the files of torch.save, expected 1001");
      // Behind the keys of storages: for each, how many numbers it has, and
      // these. How long a number is, the pickle says.
      std::map<std::string, std::size_t> item_size;
      std::map<std::string, std::string> content;
      std::vector<const PickleValue *>   stack = {&data.value()};
      std::set<const PickleValue *>      seen;
      while (!stack.empty())
        {
          const PickleValue &value = *stack.back();
          stack.pop_back();
          if (!seen.insert(&value).second)
            continue;
          if (value.kind == Kind::reference &&
              value[0].kind == Kind::sequence && value[0].size() >= 5)
            {
              const auto type = type_of_storage(value[0][1].text);
              if (type)
                item_size[value[0][2].text] = c10::elementSize(*type);
            }
          stack.insert(stack.end(), value.items.begin(), value.items.end());
        }
      std::size_t position = keys.end();
      for (const PickleValue *key : keys.value().items)
        {
          const std::size_t available = bytes.size() - position;
          const auto        size      = item_size.find(key->text);
          require(size != item_size.end(),
                  name + ": a storage inside has numbers of an unknown type");
          std::uint64_t n = 0;
          require(available >= 8, name + ": the file is incomplete");
          std::memcpy(&n, bytes.data() + position, 8);
          require(n <= (available - 8) / size->second,
                  name + ": the file is incomplete");
          content[key->text] = bytes.substr(position + 8, n * size->second);
          position += 8 + n * size->second;
        }
      Storages storages(name, [&](const std::string &key) {
        const auto found = content.find(key);
        require(found != content.end(),
                name + ": the storage " + key + " is missing");
        return found->second;
      });
      return StateFinder(storages, name).run(data.value());
    }



    /// Names without what wrappers put in front of them.
    Checkpoint
    without_wrappers(Checkpoint checkpoint, const std::string &name)
    {
      static const std::regex compiled("(^|[./])_orig_mod[./]");
      for (const Checkpoint::Entry &entry : checkpoint.tensors)
        require(entry.name.size() < max_n_letters,
                name + ": a tensor has a name of " +
                  std::to_string(entry.name.size()) +
                  " letters, expected at "
                  "most " +
                  std::to_string(max_n_letters));
      for (Checkpoint::Entry &entry : checkpoint.tensors)
        entry.name = std::regex_replace(entry.name, compiled, "$1");
      for (const std::string prefix : {"module.", "params/", "params."})
        if (std::all_of(checkpoint.tensors.begin(),
                        checkpoint.tensors.end(),
                        [&](const Checkpoint::Entry &entry) {
                          return entry.name.rfind(prefix, 0) == 0;
                        }))
          for (Checkpoint::Entry &entry : checkpoint.tensors)
            entry.name = entry.name.substr(prefix.size());
      return checkpoint;
    }
  } // namespace



  std::optional<Checkpoint>
  read_checkpoint(const std::string &bytes, const std::string &name)
  {
    if (bytes.compare(0, legacy_start.size(), legacy_start) == 0)
      return without_wrappers(read_legacy_file(bytes, name), name);
    if (bytes.size() < 10 || bytes[8] != '{')
      return {};
    std::uint64_t n_header;
    std::memcpy(&n_header, bytes.data(), 8);
    if (ends_with(name, ".safetensors") || n_header <= bytes.size() - 8)
      return without_wrappers(read_safetensors(bytes, name), name);
    return {};
  }



  std::optional<Checkpoint>
  read_checkpoint(const ZipArchive &archive, const std::string &name)
  {
    if (is_npz(archive))
      return without_wrappers(read_npz(archive, name), name);
    for (const std::string &path : archive.paths())
      if (path == "data.pkl" || ends_with(path, "/data.pkl"))
        return without_wrappers(read_torch_archive(archive, path, name), name);
    return {};
  }



  bool
  is_npz(const ZipArchive &archive)
  {
    const auto &paths = archive.paths();
    return !paths.empty() &&
           std::all_of(paths.begin(), paths.end(), [](const std::string &path) {
             return ends_with(path, ".npy");
           });
  }
} // namespace lsr
