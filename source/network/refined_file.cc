// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/refined_file.h"

#include <lsr/base/config.h>
#include <lsr/base/exceptions.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <sstream>

#include "base/npy.h"
#include "base/sha256.h"

namespace lsr
{
  namespace
  {
    using json    = nlohmann::ordered_json;
    using Scaling = Network::Scaling;

    constexpr int     format_version = 1;
    const std::string format         = "dealii_lsr refined network";
    const std::string index_name     = "lsr.json";

    /// Of a tensor; sums of those of many do not overflow.
    constexpr std::int64_t max_size     = std::int64_t(1) << 40;
    const std::string      extra_folder = "extra/";

    /// The vectors of a scaling and their names.
    const std::pair<const char *, std::vector<double> Scaling::*>
      scaling_vectors[] = {{"input_shift", &Scaling::input_shift},
                           {"input_scale", &Scaling::input_scale},
                           {"output_shift", &Scaling::output_shift},
                           {"output_scale", &Scaling::output_scale}};



    /// Reads an archive and what its index says of it.
    class Reader
    {
    public:
      Reader(const ZipArchive &archive, const std::string &name)
        : archive(archive)
        , name(name)
        , index(json::parse(archive.read(index_name)))
      {}

      RefinedFile
      read()
      {
        check_version();
        read_contents();

        RefinedFile file;
        file.network = take("network");
        require(!ZipArchive::recognizes(file.network) ||
                  !ZipArchive(file.network, name).contains(index_name),
                name + ": the network inside is a refined network itself, "
                       "expected one without corrections");
        file.n_inputs  = index.at("inputs");
        file.n_outputs = index.at("outputs");
        index.at("input_names").get_to(file.input_names);
        file.sample_sizes =
          index.value("sample_sizes", std::vector<std::size_t>());
        for (const auto &[key, values] : scaling_vectors)
          index.at("scaling").at(key).get_to(file.scaling.*values);
        std::int64_t n_parameters = 0;
        for (const json &parameter : index.at("parameters"))
          {
            const std::vector<std::int64_t> shape = parameter.at("shape");
            std::int64_t                    size  = 1;
            for (const std::int64_t n : shape)
              {
                require(n >= 0 && (n == 0 || size <= max_size / n),
                        name + ": a parameter of the shape " +
                          parameter.at("shape").dump());
                size *= n;
              }
            n_parameters += size;
            file.parameters.emplace_back(parameter.at("name"), shape);
          }
        file.theta      = numbers("parameters.npy", {n_parameters});
        file.correction = numbers("correction.npy", {n_parameters});
        if (contents.count("earlier.npy") > 0)
          {
            const auto all  = numbers("earlier.npy", {-1, 2, n_parameters});
            const auto part = [&](const std::size_t i) {
              const auto begin = all.begin() + i * n_parameters;
              return std::vector<double>(begin, begin + n_parameters);
            };
            for (std::size_t i = 0; i * n_parameters < all.size(); i += 2)
              file.earlier.emplace_back(part(i), part(i + 1));
          }
        for (const auto &[path, content] : contents)
          {
            require(path.compare(0, extra_folder.size(), extra_folder) == 0,
                    name + ": " + path + " inside is not known");
            file.extra_files[path.substr(extra_folder.size())] = content;
          }
        return file;
      }

    private:
      void
      check_version() const
      {
        require(index.at("format") == format,
                name + ": the format " + index.at("format").dump() +
                  ", expected \"" + format + "\"");
        const int version = index.at("version");
        require(version == format_version,
                name + ": a refined network in version " +
                  std::to_string(version) + " of its format, written by " +
                  index.value("written_by", "an unknown program") +
                  ", expected version " + std::to_string(format_version) +
                  ": read it with the newer dealii_lsr (this is " +
                  LSR_VERSION + ")");
      }

      /// All files that the index lists, and no others.
      void
      read_contents()
      {
        const json &files = index.at("files");
        require(archive.paths().size() == files.size() + 1,
                name + ": found " + std::to_string(archive.paths().size()) +
                  " files inside, expected " + index_name + " and the " +
                  std::to_string(files.size()) + " that it lists");
        for (const auto &[path, checksum] : files.items())
          {
            std::string content = archive.read(path);
            require(sha256(content) == checksum.get<std::string>(),
                    name + ": " + path +
                      " inside is damaged: its checksum is another");
            contents[path] = std::move(content);
          }
      }

      std::string
      take(const std::string &path)
      {
        const auto found = contents.find(path);
        require(found != contents.end(),
                name + ": there is no " + path + " inside");
        std::string content = std::move(found->second);
        contents.erase(found);
        return content;
      }

      /// The numbers of an array with this shape, -1 standing for any number.
      std::vector<double>
      numbers(const std::string &path, const std::vector<std::int64_t> &shape)
      {
        const std::string where = name + ": " + path + " inside";
        const NpyArray    array = read_npy(take(path), where);
        const bool        fits =
          std::equal(array.shape.begin(),
                     array.shape.end(),
                     shape.begin(),
                     shape.end(),
                     [](const std::int64_t found, const std::int64_t expected) {
                       return expected < 0 || found == expected;
                     });
        require(fits && array.kind == 'f' && array.item_size == 8,
                where + ": expected " + std::to_string(shape.back()) +
                  " float64, one for each parameter, found an array of shape " +
                  json(array.shape).dump());
        return array.to_double(where);
      }

      const ZipArchive                  &archive;
      const std::string                 &name;
      const json                         index;
      std::map<std::string, std::string> contents;
    };



    /// The numbers that earlier releases wrote as text: how many, and each of
    /// them.
    std::vector<double>
    read_values(std::istream &in)
    {
      std::size_t n = 0;
      in >> n;
      std::vector<double> values;
      double              value;
      while (values.size() < n && in >> value)
        values.push_back(value);
      return values;
    }



    /// A TorchScript archive of an earlier release with @p text inside.
    RefinedFile
    read_torchscript(const std::string &bytes,
                     const std::string &text,
                     const std::string &name)
    {
      const std::string  signature = "lsr-correction-1";
      std::istringstream in(text);
      std::string        found;
      in >> found;
      require(found == signature,
              name + ": the correction inside begins with '" + found +
                "', expected '" + signature + "'");
      RefinedFile file;
      file.network = bytes;
      for (const auto &[key, values] : scaling_vectors)
        file.scaling.*values = read_values(in);
      file.correction = read_values(in);
      require(!in.fail(), name + ": the correction inside is damaged");
      return file;
    }



    std::string
    to_text(const std::vector<double> &values)
    {
      return values.empty() ? "none" : json(values).dump();
    }
  } // namespace



  std::string
  read_extra_file(const ZipArchive &archive, const std::string &name)
  {
    // TorchScript archives of earlier releases have them below their one
    // folder.
    const std::string end = "/" + extra_folder + name;
    for (const std::string &path : archive.paths())
      {
        const std::string rooted = "/" + path;
        if (rooted.size() >= end.size() &&
            rooted.compare(rooted.size() - end.size(), end.size(), end) == 0)
          return archive.read(path);
      }
    return "";
  }



  std::string
  RefinedFile::to_bytes() const
  {
    const auto n_parameters                  = std::int64_t(theta.size());
    std::map<std::string, std::string> files = {
      {"network", network},
      {"parameters.npy", write_npy(theta, {n_parameters})},
      {"correction.npy", write_npy(correction, {n_parameters})}};
    std::vector<double> numbers;
    for (const auto &[parameters, direction] : earlier)
      for (const auto *part : {&parameters, &direction})
        numbers.insert(numbers.end(), part->begin(), part->end());
    if (!earlier.empty())
      files["earlier.npy"] =
        write_npy(numbers, {std::int64_t(earlier.size()), 2, n_parameters});
    for (const auto &[name, content] : extra_files)
      files[extra_folder + name] = content;

    json index;
    index["format"]      = format;
    index["version"]     = format_version;
    index["written_by"]  = std::string("dealii_lsr ") + LSR_VERSION;
    index["inputs"]      = n_inputs;
    index["outputs"]     = n_outputs;
    index["input_names"] = input_names;
    if (!sample_sizes.empty())
      index["sample_sizes"] = sample_sizes;
    for (const auto &[key, values] : scaling_vectors)
      index["scaling"][key] = scaling.*values;
    index["parameters"] = json::array();
    for (const auto &[name, shape] : parameters)
      index["parameters"].push_back({{"name", name}, {"shape", shape}});
    for (const auto &[path, content] : files)
      index["files"][path] = sha256(content);
    files[index_name] = index.dump(2) + "\n";
    return make_zip_archive(files);
  }



  std::optional<RefinedFile>
  RefinedFile::read(const std::string &bytes, const std::string &name)
  {
    if (!ZipArchive::recognizes(bytes))
      return std::nullopt;
    const ZipArchive archive(bytes, name);
    if (!archive.contains(index_name))
      {
        const std::string text = read_extra_file(archive, "lsr_correction");
        if (text.empty())
          return std::nullopt;
        return read_torchscript(bytes, text, name);
      }
    try
      {
        return Reader(archive, name).read();
      }
    catch (const json::exception &error)
      {
        throw Error(name + ": " + index_name + " inside: " + error.what());
      }
  }



  void
  RefinedFile::check(const Scaling                  &given_scaling,
                     const std::string              &given_input_names,
                     const std::vector<std::size_t> &given_sample_sizes) const
  {
    const auto agree = [](const std::string &what,
                          const std::string &found,
                          const std::string &expected) {
      require(found == "none" || found == expected,
              "the refined network has its own " + what + ", " + expected +
                "; found another for it, " + found + ", expected none");
    };
    for (const auto &[key, values] : scaling_vectors)
      {
        std::string words = key;
        std::replace(words.begin(), words.end(), '_', ' ');
        agree(words, to_text(given_scaling.*values), to_text(scaling.*values));
      }
    agree("names of inputs",
          given_input_names.empty() ? "none" : given_input_names,
          input_names.empty() ? "none" : input_names);
    const auto sizes = [](const std::vector<std::size_t> &values) {
      return values.empty() ? "none" : json(values).dump();
    };
    agree("sizes of samples", sizes(given_sample_sizes), sizes(sample_sizes));
  }
} // namespace lsr
